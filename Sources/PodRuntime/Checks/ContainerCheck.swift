import Concurrency
import DockerEngine
import Synchronization

/// A command of a check, as it is run in a container.
public struct CheckCommand: Sendable {
  /// The program and its arguments.
  public var words: [String]
  /// Variables on top of the container's own.
  public var environment: [String: String]
  /// Who runs it; nil for the container's user.
  public var user: String?

  /// A command.
  public init(words: [String], environment: [String: String] = [:], user: String? = nil) {
    self.words = words
    self.environment = environment
    self.user = user
  }
}

/// How a check's command ended.
public enum CheckEnd: Sendable, Equatable {
  /// By itself, with this code.
  case exited(Int)
  /// It took longer than it may; `isGone` is false where its processes couldn't be ended.
  case timedOut(isGone: Bool)
  /// It can't be run: why.
  case failed(String)
  /// The engine was away: that says nothing of the pod.
  case unknown
}

extension Pod {
  /// Runs a command in the container that the task's checks are of. After its time it is killed with all that it has started.
  ///
  /// - Parameters:
  ///   - command: the command.
  ///   - limit: how long it may take; nil for no limit.
  /// - Returns: how it ended.
  public func run(_ command: CheckCommand, within limit: Duration?) async -> CheckEnd {
    guard let service = checkService(), let member = checkMember(of: service) else {
      return .failed("the pod has no service to run it in")
    }
    guard member.state == .running, let id = member.liveContainer else {
      return .failed("\(member.plan.title) isn't running")
    }
    return await ContainerCheck(engine: engine, container: id).run(command, within: limit)
  }
}

/// One command in a container, and its end.
struct ContainerCheck: Sendable {
  let engine: DockerEngine
  let container: String
  /// How long the command's processes are given to be gone, once they are killed.
  var patience = Duration.seconds(10)

  /// By this variable the command's processes are known, whatever becomes of their parents.
  static let markName = "POD_CHECK_MARK"

  /// What is known of a command that is under way.
  private final class Course: Sendable {
    /// The engine's name for it.
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
    // Even where nobody waits for the check any more.
    let ending = Task { await self.kill(course.exec.withLock { $0 }, mark) }
    return .timedOut(isGone: await ending.value)
  }

  private func execute(
    _ command: CheckCommand, _ mark: String, _ course: Course
  ) async -> CheckEnd {
    var body = ExecCreate(cmd: command.words)
    body.user = command.user
    body.env =
      command.environment.map { "\($0.key)=\($0.value)" }.sorted() + ["\(Self.markName)=\(mark)"]
    do {
      let id = try await engine.createExec(container, body)
      course.exec.withLock { $0 = id }
      // Its output is nobody's, and is read so that it can go on.
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

  /// Ends the command's processes.
  ///
  /// - Returns: whether none is left.
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
        // What descends from the process that the engine names is the command's only if that still was its process.
        let isSame = try? await engine.inspectExec(exec).isRunning == details?.isRunning
        if isAnyThere, isSame == true { await processes.kill() }
      }
      if let details, !details.isRunning, !isAnyThere {
        // One whose start has just been asked for may still begin.
        if wasSeen || details.exitCode != nil || round > 20 { return true }
      } else if round % 5 == 2 {
        // Its processes may be out of sight, or another user's.
        await killInside(mark)
      }
      round += 1
      try? await Task.sleep(for: .milliseconds(50))
    } while .now < deadline
    return false
  }

  /// The same from within the container, by its own shell if it has one.
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
