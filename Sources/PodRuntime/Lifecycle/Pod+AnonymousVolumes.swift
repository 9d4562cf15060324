import Concurrency
import DockerEngine
import Logging

/// Anonymous volumes have no labels, and the engine removes them together with their container only
/// if the request asks for it. Another client that removes a container may leave them, so their
/// names are recorded at the creation.
extension Pod {
  /// Records the anonymous volumes that the engine created for a container.
  ///
  /// - Parameters:
  ///   - id: the container, which was just created.
  ///   - body: its create request.
  ///   - image: its image.
  func recordAnonymousVolumes(of id: String, _ body: ContainerCreate, _ image: ResolvedImage) async
  {
    let mounts = body.hostConfig?.mounts ?? []
    let mayHave =
      image.hasVolumes || body.volumes?.keys.isEmpty == false
      || mounts.contains { $0.type == "volume" && $0.source == nil }
    guard mayHave, let details = try? await engine.inspectContainer(id) else { return }
    var named = Set(mounts.compactMap(\.source))
    named.formUnion((body.hostConfig?.binds ?? []).map { String($0.prefix { $0 != ":" }) })
    for other in body.hostConfig?.volumesFrom ?? [] {
      // Volumes of another container aren't this one's, whatever their names.
      let reference = String(other.prefix { $0 != ":" })
      guard let shared = try? await engine.inspectContainer(reference) else { return }
      named.formUnion(shared.mounts.compactMap(\.name))
    }
    for mount in details.mounts where mount.type == "volume" {
      guard let name = mount.name, !named.contains(name), Self.isAnonymous(name) else { continue }
      anonymousVolumes.insert(name)
    }
  }

  /// Removes the remaining anonymous volumes after the pod's containers are gone. Volumes that
  /// other containers use are kept.
  ///
  /// - Parameter limit: time limit for the removal.
  func removeAnonymousVolumes(within limit: Duration) async {
    guard !anonymousVolumes.isEmpty else { return }
    let names = anonymousVolumes
    let engine = engine
    let log = log
    let work = Task {
      let found = try? await engine.listVolumes(filters: ["name": names.sorted()]).map(\.name)
      for name in found ?? names.sorted() where names.contains(name) {
        do {
          try await engine.removeVolume(name, force: false)
          log.info(
            "removed anonymous volume \(name.prefix(12)) of a container that someone else removed")
        } catch let error as EngineError where error.isNotFound || error.isConflict {
          log.debug("anonymous volume \(name.prefix(12)) is not removed: \(error.message)")
        } catch {
          log.warning("anonymous volume \(name.prefix(12)) may remain: \(error)")
        }
      }
    }
    if !(await work.hasEnded(within: limit, orCancelled: true)) { work.cancel() }
  }

  /// Whether the engine generated the volume's name.
  private static func isAnonymous(_ name: String) -> Bool {
    name.utf8.count == 64 && name.allSatisfy { $0.isHexDigit && !$0.isUppercase }
  }
}
