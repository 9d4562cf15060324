import Compose
import DockerEngine
import OrderedCollections
import YAML

/// A secret or config whose value the operator's program gives.
struct ExternalValue: Sendable, Hashable {
  /// Secret or config.
  let kind: FileMount.Kind
  /// The key at the top level.
  let key: String
}

/// One file of the pod's secret volume: a value with an owner and permission bits.
struct ExternalFile: Sendable, Hashable {
  /// What it holds.
  let value: ExternalValue
  /// Its owner.
  let uid: Int
  /// Its group.
  let gid: Int
  /// Its permission bits.
  let mode: UInt32
}

/// An external secret or config of one container.
struct ExternalMount: Sendable {
  /// The file in the pod's secret volume.
  let file: ExternalFile
  /// What the top level says of it.
  let source: FileMount.External
  /// Its path in the container.
  let target: String
  /// Where the service names it.
  let position: SourcePosition

  /// What messages call it.
  var subject: String { "the \(file.value.kind.rawValue) `\(file.value.key)`" }
}

extension PodPlanner {
  /// The external secrets and configs of a service.
  ///
  /// - Parameter service: the service.
  /// - Returns: those at whose targets nothing else is mounted.
  /// - Throws: `ComposeError` with the line of one where the operator has set no program that gives its value.
  func externalMounts(of service: Service) throws(ComposeError) -> [ExternalMount] {
    let taken = Set(service.mounts.map(\.target))
    var mounts: [ExternalMount] = []
    for file in service.files where !taken.contains(file.target) {
      guard case .external(let source) = file.source else { continue }
      let mount = ExternalMount(
        file: ExternalFile(
          value: ExternalValue(kind: file.kind, key: file.name), uid: file.uid ?? 0,
          gid: file.gid ?? 0, mode: file.mode ?? 0o444),
        source: source, target: file.target.cleanPath, position: file.position)
      guard request.secretCommand != nil else {
        throw ComposeError(
          "\(mount.subject) has `external`, and this host has no program that gives its value "
            + "(operator's file, secret-command)", at: source.position)
      }
      mounts.append(mount)
    }
    return mounts
  }
}

extension PodPlan {
  /// Every external mount of the pod's containers.
  var externalMounts: [ExternalMount] {
    containers.flatMap { [$0] + $0.preStart }.flatMap(\.externalMounts)
  }

  /// The files of the pod's secret volume, each once. A file's name there is its position in this list.
  var externalFiles: OrderedSet<ExternalFile> { OrderedSet(externalMounts.map(\.file)) }
}
