import ArgumentParser
import PodControl
import PodIdentity
import Program

/// `compose-executor restart POD SERVICE`: restarts a service through the pod's executor.
struct RestartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restart",
    abstract: "Restart one service of a pod.",
    discussion: """
      Stops and starts the service's containers, regardless of its restart policy. Services that share its \
      namespaces, or depend on it with `restart: true`, are also restarted. Returns when the service is running, \
      and healthy if it has a health check.
      """)

  @OptionGroup var pod: PodArgument

  @Argument(
    help: "The service, or one of its containers as SERVICE-N.",
    completion: .custom(PodCompletion.services))
  var service: String

  func run() async throws {
    let target = try await ControlTarget.find(pod)
    let request = ControlRequest(.restart, task: target.identity.taskID, service: service)
    do {
      let connection = try await target.client.connect(until: .now + .seconds(10))
      connection.send(request)
      var deadline = ContinuousClock.now + .seconds(10)
      while let line = try await connection.next(until: deadline) {
        if line.end == true { return }
        if let within = line.within { deadline = .now + .milliseconds(within) }
      }
      throw ControlError.broken
    } catch let error as ControlError {
      if case .refused = error { throw target.failure(error.description) }
      throw await target.failure(error, isOrder: true)
    }
  }
}
