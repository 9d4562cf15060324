import DockerEngine
import PodControl
import PodIdentity
import PodObjects

/// Pods as JSON: `ps --format json`, and the first part of `inspect` (docs/operate.md).
package enum PodDocument {
  /// The version of all documents. New keys do not change it.
  static let version = 1

  /// All pods in one document.
  ///
  /// - Parameters:
  ///   - views: the pods.
  ///   - now: the current time, in seconds since 1970.
  /// - Returns: the document on one line.
  package static func list(_ views: [PodView], now: Int64) -> String {
    var document = JSONObject()
    document.set("version", version)
    document.set("pods", views.map { object(of: $0, now: now) })
    return document.line
  }

  /// One pod.
  ///
  /// - Parameters:
  ///   - view: the pod.
  ///   - now: the current time, in seconds since 1970.
  /// - Returns: an object with `task` and all other keys of a pod.
  package static func object(of view: PodView, now: Int64) -> JSONObject {
    let identity = view.identity
    var pod = JSONObject()
    pod.set("task", identity.taskID)
    pod.set("executor", identity.executorID)
    pod.set("framework", identity.frameworkID.isEmpty ? nil : identity.frameworkID)
    pod.set("agent", identity.agentID.isEmpty ? nil : identity.agentID)
    pod.set("run", identity.run)
    pod.set("pid", identity.incarnation.pid.map { Int($0) })
    pod.set("state", view.state.rawValue)
    pod.set("message", view.message)
    pod.set("created", timeText(view.created))
    pod.set("age", view.created.map { max(0, now - $0) })
    pod.set("up", view.up)
    pod.set("total", view.services.count)
    pod.set("restarts", view.restarts)
    pod.set("ports", view.ports.map(object))
    addUsage(view.processors, view.processorLimit, view.figures, view.memoryLimit, to: &pod)
    pod.set("services", view.services.map { object(of: $0) })
    return pod
  }

  static func object(of service: ServiceView) -> JSONObject {
    var object = JSONObject()
    object.set("service", service.container?.service ?? service.name)
    object.set("name", service.name)
    object.set("container", service.id)
    object.set("container_name", service.container?.summary.name)
    object.set("role", service.reported?.role)
    object.set("state", service.state)
    object.set("health", service.health)
    object.set("restarts", service.reported?.restarts)
    object.set("exit_code", service.exitCode)
    object.set("created", timeText(service.container?.summary.created))
    object.set("ports", service.ports.sorted().map(Self.object))
    addUsage(
      service.processors, service.figures?.quota, service.figures, service.figures?.memoryLimit,
      to: &object)
    return object
  }

  private static func object(of port: PodPort) -> JSONObject {
    var object = JSONObject()
    object.set("host", port.host)
    object.set("container", port.container)
    object.set("protocol", port.protocolName)
    return object
  }

  private static func addUsage(
    _ processors: Double?, _ limit: Double?, _ figures: CgroupFigures?, _ memoryLimit: Int64?,
    to object: inout JSONObject
  ) {
    var cpu = JSONObject()
    cpu.set("used", processors)
    cpu.set("limit", limit)
    cpu.set("seconds", figures?.seconds)
    object.set("cpu", cpu)
    var memory = JSONObject()
    memory.set("used", figures?.memory)
    memory.set("limit", memoryLimit)
    object.set("memory", memory)
    object.set("tasks", figures?.tasks)
  }
}
