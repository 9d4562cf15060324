import Concurrency
import DockerEngine
import Synchronization

/// A check's command, to run in a container.
package struct CheckCommand: Sendable {
  /// The program and its arguments.
  package var arguments: [String]
  /// Variables in addition to the container's own.
  package var environment: [String: String]
  /// The user that runs it; nil for the container's user.
  package var user: String?

  /// Creates a command.
  package init(arguments: [String], environment: [String: String] = [:], user: String? = nil) {
    self.arguments = arguments
    self.environment = environment
    self.user = user
  }
}

/// The result of a check's command.
package enum CheckEnd: Sendable, Equatable {
  /// It exited with this code.
  case exited(Int)
  /// It exceeded its time limit; `isGone` is false if its processes couldn't be killed.
  case timedOut(isGone: Bool)
  /// It can't be run, and the reason.
  case failed(String)
  /// The engine was unreachable, which is no evidence about the pod.
  case unknown
}

extension Pod {
  /// Runs a command in the container that the task's checks apply to. At its time limit it is
  /// killed, with all processes that it started.
  ///
  /// - Parameters:
  ///   - command: the command.
  ///   - limit: the time limit; nil for none.
  /// - Returns: the command's result.
  package func run(_ command: CheckCommand, within limit: Duration?) async -> CheckEnd {
    guard let service = checkService(), let member = checkMember(of: service) else {
      return .failed("the pod has no service for the check")
    }
    guard member.state == .running, let id = member.liveContainer else {
      return .failed("\(member.plan.title) isn't running")
    }
    return await ContainerCheck(engine: engine, container: id).run(command, within: limit)
  }
}

/// One command in a container.
struct ContainerCheck: Sendable {
  let engine: DockerEngine
  let container: String
  /// How long to wait for killed processes to be gone.
  var patience = Duration.seconds(10)

  /// The variable that identifies the command's processes, independent of their parents.
  static let markName = "POD_CHECK_MARK"

  /// The state of a running command.
  private final class Course: Sendable {
    /// The engine's ID of the command.
    let exec = Mutex<String?>(nil)
    let end = Mutex<CheckEnd?>(nil)
  }

  func run(_ command: CheckCommand, within limit: Duration?) async -> CheckEnd {
    let mark = String(UInt64.random(in: .min ... .max), radix: 16)
    let course = Course()
    let work = Task {
      let result = await self.execute(command, mark, course)
      course.end.withLock { $0 = result }
    }
    let isDone = await work.hasEnded(within: limit ?? .seconds(1 << 32), orCancelled: true)
    if isDone, let end = course.end.withLock({ $0 }) { return end }
    work.cancel()
    // In a task of its own, so that it completes after cancellation too.
    let ending = Task { await self.kill(course.exec.withLock { $0 }, mark) }
    return .timedOut(isGone: await ending.value)
  }

  private func execute(
    _ command: CheckCommand, _ mark: String, _ course: Course
  ) async -> CheckEnd {
    var body = ExecCreate(cmd: command.arguments)
    body.user = command.user
    body.env =
      command.environment.map { "\($0.key)=\($0.value)" }.sorted() + ["\(Self.markName)=\(mark)"]
    do {
      let id = try await engine.createExec(container, body)
      course.exec.withLock { $0 = id }
      // The output is discarded, but must be read so that the command is not blocked.
      for try await _ in try await engine.startExec(id) {}
      var wait = Duration.milliseconds(5)
      while true {
        if let code = try await engine.execExitCode(id) { return .exited(code) }
        try await Task.sleep(for: wait)
        wait = min(wait * 2, .milliseconds(500))
      }
    } catch let error as EngineError {
      switch error.kind {
      case .status, .tooOld, .configuration: return .failed(error.message)
      case .unreachable, .timedOut, .malformed: return .unknown
      }
    } catch {
      return .unknown
    }
  }

  /// Kills the command's processes.
  ///
  /// - Returns: whether no process remains.
  private func kill(_ exec: String?, _ mark: String) async -> Bool {
    guard let exec else { return true }
    let deadline = ContinuousClock.now + patience
    let processes = CheckProcesses(container: container, mark: "\(Self.markName)=\(mark)")
    var wasSeen = false
    var round = 0
    repeat {
      let details = try? await engine.inspectExec(exec)
      wasSeen = wasSeen || details?.isRunning == true
      var isAnyThere = false
      if engine.endpoint.isLocal {
        isAnyThere = await processes.find(from: details?.isRunning == true ? details?.pid : nil)
        wasSeen = wasSeen || isAnyThere
        // The descendants of the engine's process ID are the command's only if that process was
        // still running.
        let isSame = try? await engine.inspectExec(exec).isRunning == details?.isRunning
        if isAnyThere, isSame == true { await processes.kill() }
      }
      if let details, !details.isRunning, !isAnyThere {
        // A command whose start was just requested may still begin.
        if wasSeen || details.exitCode != nil || round > 20 { return true }
      } else if round % 5 == 2 {
        // The processes may be invisible from here, or belong to another user.
        await killInside(mark)
      }
      round += 1
      try? await Task.sleep(for: .milliseconds(50))
    } while .now < deadline
    return false
  }

  /// Kills the processes from within the container, by its own shell if it has one.
  private func killInside(_ mark: String) async {
    let script = """
      for p in /proc/[0-9]*; do [ "$p" = "/proc/$$" ] || \
      ! grep -q '\(Self.markName)=\(mark)' "$p/environ" 2>/dev/null || kill -9 "${p#/proc/}"; done
      """
    var body = ExecCreate(cmd: ["/bin/sh", "-c", script])
    body.user = "0"
    let request = body
    let work = Task {
      guard let id = try? await engine.createExec(container, request),
        let output = try? await engine.startExec(id)
      else { return }
      do { for try await _ in output {} } catch {}
    }
    if !(await work.hasEnded(within: .seconds(2))) { work.cancel() }
  }
}
