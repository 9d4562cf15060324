import Compose
import Glibc
import OrderedCollections

extension PodRequest {
  /// Reads the variables of the executor's environment that describe its task, such as those of
  /// Marathon.
  ///
  /// - Parameter environment: the executor's environment, with the task's own variables.
  package mutating func applyTaskVariables(environment: [String: String]) {
    surroundings = environment.filter { name, value in
      TaskVariables.describesTask(name) && !value.utf8.contains(0)
    }
    var name = utsname()
    guard hostName.isEmpty, uname(&name) == 0 else { return }
    hostName = withUnsafeBytes(of: name.nodename) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}

extension TaskVariables {
  /// More would make an environment that is too large to start a program with.
  static let mostPorts = 1000

  private static let marathonNames: Set<String> = [
    "MARATHON_APP_ID", "MARATHON_APP_VERSION", "MARATHON_APP_DOCKER_IMAGE", "MARATHON_APP_LABELS",
  ]
  private static let marathonPrefixes = ["MARATHON_APP_RESOURCE_", "MARATHON_APP_LABEL_"]

  /// Whether a variable of this name describes the task.
  static func describesTask(_ name: String) -> Bool {
    name == "HOST" || name == "MESOS_ALLOCATION_ROLE" || isMarathons(name)
      || name.hasPrefix("PORT_")
  }

  /// Whether Marathon sets a variable of this name (TaskBuilder.scala, `taskContextEnv`).
  static func isMarathons(_ name: String) -> Bool {
    marathonNames.contains(name) || marathonPrefixes.contains { name.hasPrefix($0) }
  }

  /// The name of a published port's variable: `PORT_<service>_<container port>`.
  static func portName(_ assigned: AssignedPort) -> String {
    let word = assigned.service.unicodeScalars.map { character in
      character.isASCII && character.properties.isAlphabetic || ("0"..."9").contains(character)
        ? Character(character) : "_"
    }
    return "PORT_\(String(word))_\(assigned.port.container.number)"
  }
}

extension PodPlanner {
  /// The task's variables for a container (docs/pods.md, "Task variables").
  ///
  /// - Parameters:
  ///   - service: the container's service.
  ///   - number: the container's number within the service.
  ///   - settings: the service whose `x-pod:` applies.
  /// - Returns: `NAME=value`, sorted, without those that the file sets; empty if they are not
  ///   requested.
  func taskVariables(of service: Service, number: Int, settings: Service) -> [String] {
    let kind = settings.podSettings.taskVariables ?? request.options.taskVariables
    guard kind != .none, service.name != infra else { return [] }
    var variables = kind == .marathon ? marathonVariables : mesosVariables
    variables[Self.mesosName("TASK_ID")] = request.taskID
    variables["HOST"] = request.surroundings["HOST"] ?? request.hostName
    for (index, port) in offeredPorts.enumerated() { variables["PORT\(index)"] = "\(port)" }
    variables.merge(portVariables(of: ContainerPlan.key(of: service, number: number))) { $1 }
    return variables.filter { !$0.value.isEmpty && !service.environment.keys.contains($0.key) }
      .map { "\($0.key)=\($0.value)" }.sorted()
  }

  private var offeredPorts: ArraySlice<UInt16> {
    (request.offeredPorts ?? []).prefix(TaskVariables.mostPorts)
  }

  private var mesosVariables: [String: String] {
    let role = "MESOS_ALLOCATION_ROLE"
    return [
      Self.mesosName("FRAMEWORK_ID"): request.frameworkID,
      Self.mesosName("EXECUTOR_ID"): request.executorID,
      Self.mesosName("AGENT_ID"): request.agentID, role: request.surroundings[role] ?? "",
    ]
  }

  private static func mesosName(_ word: String) -> String { "MESOS_" + word }

  private var marathonVariables: [String: String] {
    let offered = offeredPorts
    var variables = request.surroundings.filter { name, value in
      if name.hasPrefix("PORT_") { return UInt16(value).map(offered.contains) == true }
      return TaskVariables.isMarathons(name)
    }
    variables["PORT"] = offered.first.map { "\($0)" }
    variables["PORTS"] = offered.map { "\($0)" }.joined(separator: ",")
    return variables
  }

  /// The host port of each published port. A container has its own ports, and for other services
  /// those of their first container.
  private func portVariables(of key: String) -> [String: String] {
    var variables: [String: String] = [:]
    for list in [ports.services[key] ?? []] + Array(ports.services.values) {
      for assigned in list {
        guard let host = assigned.host.number else { continue }
        let name = TaskVariables.portName(assigned)
        if variables[name] == nil { variables[name] = "\(host)" }
      }
    }
    return variables
  }
}
