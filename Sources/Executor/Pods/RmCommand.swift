import ArgumentParser
import DockerEngine
import PodIdentity
import PodObjects
import Program

/// `compose-executor rm POD`: removes a failed pod that is kept.
struct RmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rm",
    abstract: "Remove a failed pod that is kept (keep-failed).",
    discussion: """
      Removes its stopped containers, and its volumes except those that keep-volumes preserves. A pod that isn't kept \
      is left alone. Use stop for a running pod.
      """)

  @OptionGroup var pod: PodArgument

  func run() async throws {
    let host = try HostPods()
    let found = try await pod.find(on: host)
    let task = Printable.text(found.identity.taskID)
    guard found.keptUntil != nil else {
      throw CommandError("\(task): it isn't kept after a failure, so it isn't removed", code: 1)
    }
    let objects =
      found.containers.map { PodObject(.container, $0.id, name: $0.summary.name) }
      + found.networks.map { PodObject(.network, $0.id, name: $0.name) }
      + found.volumes.filter { $0.labels[PodLabel.keep] != "true" }
      .map { PodObject(.volume, $0.name, isSecret: $0.labels[PodLabel.secrets] == "true") }
    let result = await PodRemover(
      engine: host.engine, policy: RemovalPolicy(patience: .seconds(5))
    ).remove(objects, of: found.identity)
    guard result.failed.isEmpty else {
      let left = result.failed.map { "\($0.kind) \($0.name): \($0.reason)" }
      throw CommandError(
        "\(task): not removed: \(Printable.line(left.joined(separator: "; ")))", code: 1)
    }
    await removeImages(of: found, on: host.engine)
  }

  /// Removes the images whose removal the task has requested (rmi), unless they are in use.
  private func removeImages(of pod: ListedPod, on engine: DockerEngine) async {
    let names = pod.containers.compactMap { $0.summary.labels[PodLabel.removeImages] }
      .flatMap { $0.split(separator: " ") }
    let leases = ImageLeases()
    for image in Set(names).prefix(100).map({ RemovableImage(word: String($0)) })
    where !image.isNameOnly || image.name.hasPrefix("\(pod.identity.names.project)-") {
      _ = try? await image.remove(from: engine, leases)
    }
  }
}
