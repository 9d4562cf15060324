import Compose
import Concurrency
import DockerEngine
import Logging
import PodIdentity
import PodObjects
import YAML

/// How the values of external secrets reach containers.
///
/// The values are files on a tmpfs: a volume of the pod, which the keeper, a container without
/// network or capabilities, keeps mounted while the pod lives. A tmpfs volume is mounted while a
/// running container uses it. So the values survive restarts of services, and are gone when the
/// keeper stops: by the executor, by pod-reaper, or by a restart of the engine. Each file is
/// bind-mounted alone and read-only into the containers that may read it.
extension Pod {
  /// The volume's mount point in the keeper.
  private static let keeperDirectory = "/secrets"
  /// Space on the tmpfs in addition to the values.
  private static let spareBytes = 1 << 16

  /// Fetches the values of all external secrets and configs.
  ///
  /// - Parameter mounts: the pod's mounts of them.
  /// - Returns: the values.
  /// - Throws: `DiagnosticError` with the line of one whose value isn't available.
  func fetchSecrets(of mounts: [ExternalMount]) async throws -> [ExternalValue: [UInt8]] {
    guard !mounts.isEmpty, let command = request.secretCommand else { return [:] }
    let task = SecretCommand.TaskDescription(
      id: request.taskID, frameworkID: request.frameworkID, executorID: request.executorID,
      agentID: request.agentID, user: request.owner.user, principal: request.owner.principal,
      roles: request.owner.roles)
    return try await SecretCommand(path: command, task: task).values(of: mounts)
  }

  /// Creates the pod's secret volume and fills it.
  ///
  /// - Parameters:
  ///   - values: the values to store.
  ///   - plan: the placed plan.
  /// - Throws: `LaunchFailure`, `EngineError`; `CancellationError`.
  func placeSecrets(_ values: [ExternalValue: [UInt8]], of plan: PodPlan) async throws {
    let files = plan.externalFiles
    guard !files.isEmpty else { return }
    let image = try await persistently { try await $0.holderImage() }
    let archive = FileArchive(
      files: files.enumerated().map { index, file in
        FileArchive.File(
          path: String(index), content: values[file.value] ?? [], mode: file.mode, uid: file.uid,
          gid: file.gid)
      })
    let pages = archive.files.reduce(0) { $0 + ($1.content.count + 4095) / 4096 * 4096 }
    secretDirectory = try await persistently { pod in
      try await pod.placeSecrets(archive, size: pages + Self.spareBytes, of: plan, image)
    }
  }

  /// - Returns: the directory of the files on the engine's host.
  private func placeSecrets(
    _ archive: FileArchive, size: Int, of plan: PodPlan, _ image: ResolvedImage
  ) async throws -> String {
    let engine = engine
    // A random name, so that no existing volume can have it.
    let mark = "secrets-" + String(UInt64.random(in: .min ... .max), radix: 16)
    var labels = plan.identity.labels
    labels[PodLabel.secrets] = "true"
    let name = plan.identity.names.object(mark)
    let volume = VolumeCreate(
      name: name, driver: "local",
      driverOpts: [
        "type": "tmpfs", "device": "tmpfs", "o": "size=\(size),mode=0711,nosuid,nodev,noexec",
      ], labels: labels)
    let made = try await withoutCancellation { try await engine.createVolume(volume) }
    created.append(PodObject(.volume, made.name, isSecret: true))
    guard made.mountpoint.hasPrefix("/") else {
      throw LaunchFailure(description: "the engine doesn't report the path of the volume \(name)")
    }
    let body = keeper(of: plan, volume: name, image)
    let container = plan.identity.names.container(mark)
    let id = try await withoutCancellation {
      try await engine.createContainer(name: container, body).id
    }
    madeContainers.append(id)
    try checkLaunch()
    try await ensureSlice()
    try await withoutCancellation {
      try await engine.startContainer(id)
      // The container is running, so the files are written to the mounted volume.
      try await engine.putArchive(id, at: Self.keeperDirectory, archive)
    }
    return made.mountpoint
  }

  private func keeper(of plan: PodPlan, volume: String, _ image: ResolvedImage) -> ContainerCreate {
    holder(of: Mount(type: "volume", source: volume, target: Self.keeperDirectory), plan, image)
  }

  /// A container of the pod that does nothing, and through which a volume is filled.
  func holder(of mount: Mount, _ plan: PodPlan, _ image: ResolvedImage) -> ContainerCreate {
    var body = ContainerCreate(image: image.id)
    var labels = plan.identity.labels
    // Compose treats it as a one-off container, which it lists only on request.
    labels[PodLabel.composeOneOff] = "True"
    labels[PodLabel.composeService] = ""
    labels[PodLabel.composeContainerNumber] = ""
    labels[PodLabel.composeConfigHash] = ""
    body.labels = labels
    var host = HostConfig()
    host.restartPolicy = EngineRestartPolicy(name: "no")
    host.logConfig = LogConfig(type: "none")
    host.networkMode = "none"
    host.readonlyRootfs = true
    host.capDrop = ["ALL"]
    host.securityOpt = ["no-new-privileges"]
    host.cgroupParent = plan.identity.engineParent
    host.mounts = [mount]
    body.hostConfig = host
    return recordingImages(body)
  }

  /// Adds the container's secrets, which the plan doesn't have, to a create request.
  ///
  /// - Parameters:
  ///   - body: the request.
  ///   - container: the container's plan.
  /// - Returns: the request to send.
  func addingSecrets(_ body: ContainerCreate, of container: ContainerPlan) -> ContainerCreate {
    guard !container.externalMounts.isEmpty, let plan, let secretDirectory else { return body }
    let files = plan.externalFiles
    var body = body
    var mounts = body.hostConfig?.mounts ?? []
    for entry in container.externalMounts {
      guard let index = files.firstIndex(of: entry.file) else { continue }
      // The engine refuses a missing source and never creates it: no container starts without its
      // secret.
      var mount = Mount(type: "bind", source: "\(secretDirectory)/\(index)", target: entry.target)
      mount.readOnly = true
      mounts.append(mount)
    }
    body.hostConfig?.mounts = mounts
    return body
  }

  /// Explains why a container can't be created or started, also when its secrets are gone.
  ///
  /// - Parameters:
  ///   - error: the engine's error.
  ///   - container: the container.
  ///   - step: `created` or `started`.
  /// - Returns: an error with an explanation for users.
  func explain(
    _ error: EngineError, of container: ContainerPlan, doing step: String
  ) -> any Error {
    if let secretDirectory, let first = container.externalMounts.first, case .status = error.kind,
      error.message.contains(secretDirectory + "/")
    {
      return DiagnosticError(
        "\(container.title) can't be \(step): the values of its external secrets are lost, for example after a restart "
          + "of the Docker Engine or of the container that holds them: launch the task again to fetch them",
        at: first.position)
    }
    return container.explain(error, doing: step)
  }
}
