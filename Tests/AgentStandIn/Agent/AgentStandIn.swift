import Foundation
import Synchronization
import TestSupport

/// Plays a Mesos agent to executors, as strictly as the real one, and the framework behind it; its journal is
/// what that framework would see.
///
/// It follows Mesos' sources; each rule names file and function. ``launch(_:as:)`` starts an executor as
/// the agent's launcher does; ``addExecutor(_:run:)`` lets a test play the executor itself.
///
/// ```swift
/// let agent = try AgentStandIn(AgentOptions(workDirectory: folder.path))
/// let task = TaskDescription.marathon(id: "web.1", ports: [31890, 31000], executor: path)
/// let run = try agent.launch(task, as: LaunchOptions(files: ["compose.yaml": text]))
/// try await agent.update("TASK_RUNNING", of: "web.1")
/// agent.kill("web.1", grace: .seconds(3))
/// try await agent.update("TASK_KILLED", of: "web.1")
/// try await run.exit()
/// #expect(agent.violations.isEmpty)
/// await agent.close()
/// ```
public final class AgentStandIn: Sendable {
  /// How it behaves.
  public let options: AgentOptions
  /// The TCP port on 127.0.0.1; the same after a restart.
  public let port: UInt16

  let state = Mutex(AgentState())
  let faults: SharedFaults
  let timers = Timers()
  let acknowledge = Mutex<@Sendable (TaskUpdate) -> Acknowledgement>({ _ in .prompt })
  let runs = Mutex<[ExecutorRun]>([])
  let cgroupsRoots = Mutex<Set<String>>([])
  private let server = Mutex<FakeHTTPServer?>(nil)

  /// Starts an agent that is through with its recovery.
  ///
  /// - Throws: ``SocketError`` if it can't listen.
  public init(_ options: AgentOptions) throws {
    self.options = options
    faults = SharedFaults(options.faults)
    let listening = try Socket.listen(on: .loopback(port: options.port))
    port = Socket.port(of: listening)
    try serve(listening)
    state.withLock { $0.phase = .running }
  }

  /// `127.0.0.1:port`, as MESOS_AGENT_ENDPOINT has it.
  public var endpoint: String { "127.0.0.1:\(port)" }

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

  /// Ends the agent as SIGKILL does: connections break, new ones are refused, executors run on.
  public func crash() {
    state.withLock { forgetWhatIsNotCheckpointed(&$0) }
    timers.cancel()
    let server = server.withLock { server in
      defer { server = nil }
      return server
    }
    server?.stop()
  }

  /// Starts the agent again: routes appear, its state is recovered, executors may subscribe, and those that
  /// haven't within the reregistration timeout are destroyed.
  ///
  /// - Throws: ``SocketError`` if its port has been taken.
  public func restart() throws {
    state.withLock { $0.phase = .routeless }
    try serve(try Socket.listen(on: .loopback(port: port)))
    let life = state.withLock { $0.life }
    later(options.routelessTime) { [weak self] in self?.routesAppear(life) }
  }

  /// Ends everything: kills what its runs have left, removes their cgroups, stops listening. Sandboxes stay.
  public func close() async {
    crash()
    for run in runs.withLock({ $0 }) { await run.close() }
    // Docker has made the root in hierarchies that no launcher looks at; while another run is in it, it stays.
    for root in cgroupsRoots.withLock({ $0 }) {
      for mount in CgroupMount.all() { rmdir("\(mount.path)/\(root)") }
    }
    if let path = options.domainSocket { unlink(path) }
  }

  /// Changes what goes wrong on connections from now on.
  public func inject(_ faults: Faults) { self.faults.replace(faults) }

  /// How many faults have happened since they were last set.
  public var faultCount: Int { faults.count }

  /// Decides from now on what becomes of each acknowledgement; it is asked again for each repetition.
  ///
  /// - Parameter decide: Must not call the agent.
  public func acknowledge(by decide: @escaping @Sendable (TaskUpdate) -> Acknowledgement) {
    acknowledge.withLock { $0 = decide }
  }

  /// Treats all acknowledgements alike from now on.
  public func acknowledge(_ all: Acknowledgement) { acknowledge(by: { _ in all }) }

  /// Changes the state, then does what the change calls for, outside of the lock.
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
