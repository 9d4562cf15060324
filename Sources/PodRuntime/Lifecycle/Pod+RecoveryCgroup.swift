import Concurrency
import Cgroups
import DockerEngine

extension Pod {
  /// Makes the engine, which runs as root, create a cgroup that this process has no permission to
  /// create. When the engine starts a container, it creates the container's parent cgroup and
  /// leaves it behind, even if the container's program doesn't exist.
  func reserve(_ path: String, with container: ContainerPlan, image: ResolvedImage?) async throws {
    guard let image else { return }
    var body = ContainerCreate(image: image.id)
    body.labels = container.create.labels
    body.entrypoint = ["/.compose-executor-no-program"]
    body.cmd = []
    body.healthcheck = Healthcheck(test: ["NONE"])
    var host = HostConfig()
    host.cgroupParent = path
    host.networkMode = "none"
    body.hostConfig = host
    let engine = engine
    let create = body
    do {
      let id = try await withoutCancellation {
        try await engine.createContainer(name: nil, create).id
      }
      let refusal = await startRefused(id)
      try await withoutCancellation {
        try await engine.removeContainer(id, force: true, volumes: true)
      }
      let tree = CgroupTree(mounts: try CgroupMounts.current())
      guard tree.directories(of: path).isEmpty else { return }
      throw SetupFailure(
        description:
          "cgroup \(path), which the agent's recovery needs, can't be created by this user or the "
          + "engine: run the executor as root (\(refusal))")
    } catch let error as EngineError {
      recordUnanswered(error)
      throw SetupFailure(
        description: "cgroup \(path) can't be created by the engine: \(error.message)")
    }
  }

  /// Starts a container whose program doesn't exist, and returns the engine's error.
  private func startRefused(_ id: String) async -> String {
    let engine = engine
    do {
      try await withoutCancellation { try await engine.startContainer(id) }
      return "started"
    } catch {
      return "\(error)"
    }
  }
}
