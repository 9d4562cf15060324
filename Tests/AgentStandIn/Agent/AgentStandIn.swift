import Foundation
import Synchronization
import TestSupport

/// A stand-in for a Mesos agent, as strict as the real one, and for the framework behind it. Its
/// journal has what that framework would receive.
///
/// It follows Mesos' sources; each rule names file and function. ``launch(_:as:)`` starts an
/// executor as the agent's launcher does. With ``addExecutor(_:run:)`` the test plays the executor.
///
/// ```swift
/// let agent = try AgentStandIn(AgentOptions(workDirectory: directory.path))
/// let task = TaskDescription.marathon(id: "web.1", ports: [31890, 31000], executor: path)
/// let run = try agent.launch(task, as: LaunchOptions(files: ["compose.yaml": text]))
/// try await agent.update("TASK_RUNNING", of: "web.1")
/// agent.kill("web.1", grace: .seconds(3))
/// try await agent.update("TASK_KILLED", of: "web.1")
/// try await run.exit()
/// #expect(agent.violations.isEmpty)
/// await agent.close()
/// ```
package final class AgentStandIn: Sendable {
  /// The behavior of the agent.
  package let options: AgentOptions
  /// The TCP port on 127.0.0.1. A restart keeps it.
  package let port: UInt16

  let state = Mutex(AgentState())
  let faults: SharedFaults
  let timers = Timers()
  let acknowledge = Mutex<@Sendable (TaskUpdate) -> Acknowledgement>({ _ in .prompt })
  let runs = Mutex<[ExecutorRun]>([])
  let cgroupsRoots = Mutex<Set<String>>([])
  private let server = Mutex<FakeHTTPServer?>(nil)

  /// Starts an agent that has completed its recovery.
  ///
  /// - Throws: ``SocketError`` if it can't listen.
  package init(_ options: AgentOptions) throws {
    self.options = options
    faults = SharedFaults(options.faults)
    let listening = try Socket.listen(on: .loopback(port: options.port))
    port = Socket.port(of: listening)
    try serve(listening)
    state.withLock { $0.phase = .running }
  }

  /// `127.0.0.1:port`, as in MESOS_AGENT_ENDPOINT.
  package var endpoint: String { "127.0.0.1:\(port)" }

  private func serve(_ listening: Int32) throws {
    let server = FakeHTTPServer { [weak self] in self?.serve($0, on: $1) ?? false }
    server.serve(listening)
    if let path = options.domainSocket {
      do {
        server.serve(try Socket.listen(on: .unix(path: path)))
      } catch {
        server.stop()
        throw error
      }
    }
    self.server.withLock { $0 = server }
  }

  /// Stops the agent as SIGKILL does: connections break, new ones are refused, executors keep
  /// running.
  package func crash() {
    state.withLock { forgetWhatIsNotCheckpointed(&$0) }
    timers.cancel()
    let server = server.withLock { server in
      defer { server = nil }
      return server
    }
    server?.stop()
  }

  /// Restarts the agent: routes appear, the agent recovers its state, executors may subscribe. The
  /// agent destroys executors that haven't subscribed within the reregistration timeout.
  ///
  /// - Throws: ``SocketError`` if the port is in use.
  package func restart() throws {
    state.withLock { $0.phase = .routeless }
    try serve(try Socket.listen(on: .loopback(port: port)))
    let life = state.withLock { $0.life }
    later(options.routelessTime) { [weak self] in self?.routesAppear(life) }
  }

  /// Stops the agent, kills the remaining processes of its runs, removes their cgroups, and stops
  /// listening. Sandboxes remain.
  package func close() async {
    crash()
    for run in runs.withLock({ $0 }) { await run.close() }
    // Docker has created the root also in hierarchies that no launcher uses. The root stays while
    // another run uses it.
    for root in cgroupsRoots.withLock({ $0 }) {
      for mount in CgroupMount.all() { rmdir("\(mount.path)/\(root)") }
    }
    if let path = options.domainSocket { unlink(path) }
  }

  /// Replaces the faults of connections.
  package func inject(_ faults: Faults) { self.faults.replace(faults) }

  /// The number of faults since they were last replaced.
  package var faultCount: Int { faults.count }

  /// Sets a function that decides on each acknowledgement. It is called again for each repetition.
  ///
  /// - Parameter decide: The function, which must not call the agent.
  package func acknowledge(by decide: @escaping @Sendable (TaskUpdate) -> Acknowledgement) {
    acknowledge.withLock { $0 = decide }
  }

  /// Sets the same handling for all acknowledgements.
  package func acknowledge(_ all: Acknowledgement) { acknowledge(by: { _ in all }) }

  /// Changes the state. Runs the effects of the change afterwards, outside the lock.
  @discardableResult
  func change<Result: Sendable>(
    _ body: (inout AgentState, inout [@Sendable () -> Void]) -> Result
  ) -> Result {
    let (result, effects) = state.withLock { state in
      var effects: [@Sendable () -> Void] = []
      return (body(&state, &effects), effects)
    }
    for effect in effects { effect() }
    return result
  }
}
