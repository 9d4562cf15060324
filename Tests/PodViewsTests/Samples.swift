import FoundationEssentials
import PodIdentity

@testable import DockerEngine
@testable import PodObjects

/// Pods as an engine would list them.
enum Samples {
  static func identity(
    task: String = "web.1", executor: String = "web.1", run: String = "run-1",
    framework: String = "", cgroup: String = "/mesos/run-1"
  ) -> PodIdentity {
    PodIdentity(
      frameworkID: framework, executorID: executor, taskID: task, run: run, agentID: "",
      incarnation: Incarnation(bootID: "boot", pid: nil, startTime: nil),
      host: HostIdentity(machineID: "machine"), cgroupParent: cgroup)
  }

  static func pod(
    task: String = "web.1", executor: String? = nil, run: String = "run-1", framework: String = ""
  ) -> ListedPod {
    ListedPod(
      identity: identity(task: task, executor: executor ?? task, run: run, framework: framework))
  }

  /// A container of a pod, as in the response to `GET /containers/json`.
  static func container(
    _ service: String, number: String = "1", oneOff: Bool = false, id: String? = nil,
    state: String = "running", status: String = "Up 3 minutes", ports: String = "[]",
    created: Int = 0, identity: PodIdentity = identity()
  ) throws -> ListedContainer {
    var labels = identity.labels
    labels[PodLabel.composeService] = service
    labels[PodLabel.composeContainerNumber] = number
    labels[PodLabel.composeOneOff] = oneOff ? "True" : "False"
    let encoded = String(decoding: try JSONEncoder().encode(labels), as: UTF8.self)
    let json = """
      {"Id": "\(id ?? "id-\(service)-\(number)")", "Names": ["/\(service)"], "ImageID": "i",
       "State": "\(state)", "Status": "\(status)", "Created": \(created), "Ports": \(ports),
       "Labels": \(encoded)}
      """
    return ListedContainer(
      try JSONDecoder().decode(ContainerSummary.self, from: Data(json.utf8)))
  }

  /// A pod with these containers.
  static func pod(
    _ containers: [ListedContainer], identity: PodIdentity = identity()
  ) -> ListedPod {
    var pod = ListedPod(identity: identity)
    pod.containers = containers
    return pod.sorted()
  }
}
