import Concurrency
import DockerEngine
import PodIdentity

extension Pod {
  /// Fills the volume of `task.json`, using a container that is never started.
  ///
  /// - Parameters:
  ///   - file: the file and its volume, which exists.
  ///   - plan: the placed plan.
  /// - Throws: `LaunchFailure`, `EngineError`; `CancellationError`.
  func deliver(_ file: TaskFile, of plan: PodPlan) async throws {
    let archive = FileArchive(files: [
      FileArchive.File(path: TaskFile.name, content: try file.description.json(), mode: 0o444)
    ])
    let image = try await persistently { try await $0.holderImage() }
    try await persistently { pod in
      try await pod.fill(file.volume, with: archive, of: plan, image)
    }
  }

  private func fill(
    _ volume: String, with archive: FileArchive, of plan: PodPlan, _ image: ResolvedImage
  ) async throws {
    let engine = engine
    var mount = Mount(type: "volume", source: volume, target: TaskFile.directory)
    mount.volumeOptions = Mount.VolumeOptions(noCopy: true)
    let request = holder(of: mount, plan, image)
    let mark = "task-" + String(UInt64.random(in: .min ... .max), radix: 16)
    let name = plan.identity.names.container(mark)
    try checkLaunch()
    try await withoutCancellation {
      let id = try await engine.createContainer(name: name, request).id
      await self.record(id)
      try await engine.putArchive(id, at: TaskFile.directory, archive)
      try await engine.removeContainer(id, force: true, volumes: false)
      await self.recordRemoval(of: id)
    }
  }

  private func record(_ container: String) { madeContainers.append(container) }

  private func recordRemoval(of container: String) { removedContainers.insert(container) }
}
