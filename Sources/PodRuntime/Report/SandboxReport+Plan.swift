import Compose
import Linux
import OrderedCollections
import PodIdentity
import PodReports
import YAML

extension SandboxReport {
  /// Creates the part of a report that follows from the request and the outcome.
  ///
  /// - Parameters:
  ///   - request: the pod's request.
  ///   - outcome: the pod's outcome.
  ///   - cause: the cause of the outcome, as one word.
  init(of request: PodRequest, _ outcome: PodOutcome, cause: String) {
    var end = Outcome(state: outcome.state.word, cause: cause, message: outcome.message)
    end.notRemoved = outcome.leftovers
    self.init(
      writer: .executor, program: request.programVersion, time: WallClock.now,
      task: request.taskID, executor: request.executorID, framework: request.frameworkID,
      agent: request.agentID, run: request.run, project: request.identity.names.project,
      outcome: end)
    let project = request.project
    files = project.files
    var locations: [String: Int] = [:]
    func location(_ name: String, _ visited: Set<String> = []) -> Int {
      if let known = locations[name] { return known }
      guard !visited.contains(name), let service = project.services[name] else { return 0 }
      let found =
        service.dependencies.keys.map { 1 + location($0, visited.union([name])) }.max() ?? 0
      locations[name] = found
      return found
    }
    services = project.services.values.map { service in
      Service(
        name: service.name, role: request.roles[service.name].rawValue,
        containers: service.containers, image: service.image?.value,
        restart: service.restart.word,
        dependencies: service.dependencies.map { ($0.key, $0.value.condition.rawValue) },
        order: location(service.name))
    }
  }
}

extension Compose.RestartPolicy {
  /// The policy's value in a Compose file.
  fileprivate var word: String {
    switch self {
    case .no: "no"
    case .always: "always"
    case .unlessStopped: "unless-stopped"
    case .onFailure(let most): "on-failure" + (most.map { ":\($0)" } ?? "")
    }
  }
}
