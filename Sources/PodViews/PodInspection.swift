import DockerEngine
import PodControl
import PodIdentity
import PodObjects

/// All information about one pod: the document of `inspect` (docs/operate.md). It does not contain
/// the containers' environments.
package struct PodInspection: Sendable {
  private let view: PodView
  private let details: [String: ContainerDetails]
  private let history: [PodEvent]?

  /// Inspects the containers of a pod, and requests its history from its executor.
  ///
  /// - Parameters:
  ///   - view: the pod.
  ///   - engine: the engine.
  ///   - sockets: the directory of control sockets.
  package init(
    of view: PodView, engine: DockerEngine, sockets: String = ControlSocket.standardDirectory
  ) async {
    self.view = view
    async let history = Self.history(of: view, sockets)
    details = await withTaskGroup(of: (String, ContainerDetails?).self) { group in
      for container in view.pod.containers {
        group.addTask { (container.id, try? await engine.inspectContainer(container.id)) }
      }
      return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    self.history = await history
  }

  private static func history(of view: PodView, _ sockets: String) async -> [PodEvent]? {
    // An executor that does not respond to `status` does not respond to `events` either.
    guard view.status != nil else { return nil }
    let client = ControlClient(ControlSocket(view.identity, directory: sockets))
    let request = ControlRequest(.events, task: view.identity.taskID, follow: false)
    return try? await client.responses(to: request, within: .seconds(2)).compactMap(\.event)
  }

  /// The document on one line.
  ///
  /// - Parameter now: the current time, in seconds since 1970.
  /// - Returns: JSON.
  package func document(now: Int64) -> String {
    let identity = view.identity
    var document = PodDocument.object(of: view, now: now)
    document.set("version", PodDocument.version)
    document.set("project", identity.names.project)
    document.set("labels", identity.labels)
    document.set("executor_process", process)
    document.set("sandbox", view.status?.sandbox)
    var cgroup = JSONObject()
    cgroup.set("path", identity.cgroupParent.isEmpty ? nil : identity.cgroupParent)
    cgroup.set("executor", identity.ownCgroup.isEmpty ? nil : identity.ownCgroup)
    cgroup.set("slice", identity.slice?.unit)
    document.set("cgroup", cgroup)
    document.set("containers", view.pod.containers.map(container))
    document.set(
      "networks",
      view.pod.networks.map { network in
        var object = JSONObject()
        object.set("id", network.id)
        object.set("name", network.name)
        object.set("key", network.labels[PodLabel.composeNetwork])
        object.set("internal", network.internal)
        return object
      })
    document.set(
      "volumes",
      view.pod.volumes.map { volume in
        var object = JSONObject()
        object.set("name", volume.name)
        object.set("key", volume.labels[PodLabel.composeVolume])
        object.set("driver", volume.driver)
        object.set("mountpoint", volume.mountpoint)
        object.set("keep", volume.labels[PodLabel.keep] == "true")
        return object
      })
    if let history {
      document.set("history", history.map(Self.object))
    } else {
      document.set("history", String?.none)
    }
    return document.line
  }

  private var process: JSONObject {
    let incarnation = view.identity.incarnation
    var object = JSONObject()
    switch view.executor {
    case .alive: object.set("state", "alive")
    case .dead: object.set("state", "dead")
    case .unknown: object.set("state", "unknown")
    }
    object.set("pid", incarnation.pid.map { Int($0) })
    object.set("start_time", incarnation.startTime.map { Int64(clamping: $0) })
    object.set("boot_id", incarnation.bootID)
    object.set("silence", view.silence)
    return object
  }

  private static func object(_ event: PodEvent) -> JSONObject {
    var object = JSONObject()
    object.set("time", event.time)
    object.set("event", event.event)
    object.set("service", event.service)
    object.set("message", event.message)
    return object
  }

  private func container(_ container: ListedContainer) -> JSONObject {
    let summary = container.summary
    let status = ContainerStatus(summary.status)
    let found = details[container.id]
    var object = JSONObject()
    object.set("id", container.id)
    object.set("name", summary.name)
    object.set("role", container.role.rawValue)
    object.set("service", container.service.isEmpty ? nil : container.service)
    object.set("number", container.number)
    object.set("image", summary.image)
    object.set("image_id", summary.imageID)
    object.set("state", summary.state)
    object.set("status", summary.status)
    object.set("health", status.health)
    object.set("last_check", found?.state.health?.log.last?.output)
    object.set("exit_code", status.exitCode)
    object.set("out_of_memory", found?.state.oomKilled ?? false)
    object.set("started", Self.time(found?.state.startedAt))
    object.set("finished", Self.time(found?.state.finishedAt))
    object.set("network_mode", found?.hostConfig.networkMode)
    object.set("cgroup", view.pod.cgroup(of: container))
    let networks = (found?.networkSettings.networks ?? [:]).sorted { $0.key < $1.key }
    object.set(
      "networks",
      networks.map { name, endpoint in
        var object = JSONObject()
        object.set("name", name)
        object.set("address", endpoint.ipAddress.isEmpty ? nil : endpoint.ipAddress)
        return object
      })
    object.set(
      "mounts",
      (found?.mounts ?? []).map { mount in
        var object = JSONObject()
        object.set("type", mount.type)
        object.set("volume", mount.name)
        object.set("destination", mount.destination)
        object.set("writable", mount.rw)
        return object
      })
    object.set("labels", summary.labels.filter { !PodLabel.all.contains($0.key) })
    return object
  }

  /// A time; nil for Go's zero time.
  private static func time(_ text: String?) -> String? {
    text.flatMap { $0.isEmpty || $0.hasPrefix("0001-") ? nil : $0 }
  }
}
