import Glibc
import Linux
import PodIdentity
import SystemPackage

/// Finds the sandboxes of runs in an agent's work directory (Mesos, src/slave/paths.cpp) in bounded
/// time.
struct SandboxSearch: Sendable {
  /// The sandbox of a run.
  struct Sandbox: Sendable, Equatable {
    var framework: String
    var executor: String
    var run: String
    var path: String
    /// The time of its last change, in seconds since 1970.
    var time: Int
  }

  /// The result of a search.
  struct Found: Sendable {
    var sandboxes: [Sandbox] = []
    /// Whether the search stopped before its end.
    var isCut = false
  }

  /// The usual work directories of agents, where neither an option nor MESOS_WORK_DIR sets one.
  static let usual = ["/var/lib/mesos", "/var/lib/mesos/agent", "/var/lib/mesos/slave"]

  /// The agents' `--work_dir`.
  let directories: [String]

  /// Determines the directories to search.
  ///
  /// - Parameters:
  ///   - option: the value of `--work-dir`.
  ///   - environment: the source of MESOS_WORK_DIR.
  init(option: String?, environment: [String: String]) {
    directories =
      [option, environment["MESOS_WORK_DIR"]].compactMap(\.self).first { !$0.isEmpty }.map { [$0] }
      ?? Self.usual
  }

  /// The sandbox of a pod.
  ///
  /// - Parameter identity: the pod. Its IDs come from labels and cannot lead out of the directory.
  /// - Returns: the path; nil where there is none.
  func sandbox(of identity: PodIdentity) -> String? {
    let ids = [identity.agentID, identity.frameworkID, identity.executorID, identity.run]
    guard ids.allSatisfy(Self.isComponent) else { return nil }
    return directories.lazy
      .map {
        "\($0)/slaves/\(ids[0])/frameworks/\(ids[1])/executors/\(ids[2])/runs/\(ids[3])"
      }.first { Self.changed($0) != nil }
  }

  /// Finds the sandboxes whose task, executor or run ID is equal to an ID or begins with it. Where
  /// one is equal, only equal ones are returned.
  ///
  /// - Parameters:
  ///   - id: a task ID, executor ID or run, or the beginning of one.
  ///   - framework: the framework's ID, or its beginning; nil for all.
  ///   - limit: the longest time of the search.
  /// - Returns: the latest run of each matching executor, or the matching run.
  func find(_ id: String, framework: String?, within limit: Duration = .seconds(3)) -> Found {
    var walk = Walk(id: id, deadline: .now + limit)
    for directory in directories {
      for agent in walk.names("\(directory)/slaves") {
        let frameworks = "\(directory)/slaves/\(agent)/frameworks"
        for name in walk.names(frameworks) where framework.map(name.hasPrefix) ?? true {
          for executor in walk.names("\(frameworks)/\(name)/executors") {
            let rest = "slaves/\(agent)/frameworks/\(name)/executors/\(executor)/runs"
            walk.visit(directory, rest, name, executor)
          }
        }
      }
    }
    var found = Found(sandboxes: walk.same.isEmpty ? walk.similar : walk.same, isCut: walk.isCut)
    found.sandboxes.sort { ($0.time, $0.run) > ($1.time, $1.run) }
    return found
  }

  private struct Walk {
    let id: String
    let deadline: ContinuousClock.Instant
    var entries = 0
    var isCut = false
    var same: [Sandbox] = []
    var similar: [Sandbox] = []

    init(id: String, deadline: ContinuousClock.Instant) {
      (self.id, self.deadline) = (id, deadline)
    }

    /// The names of subdirectories; none once the search has exceeded its limit.
    mutating func names(_ path: String) -> [String] {
      guard !isCut else { return [] }
      guard entries < 200_000, ContinuousClock.now < deadline else {
        isCut = true
        return []
      }
      let names = (try? Directory.names(of: FilePath(path), subdirectoriesOnly: true)) ?? []
      entries += names.count + 1
      return names.map(\.string).filter(SandboxSearch.isComponent)
    }

    mutating func visit(
      _ directory: String, _ rest: String, _ framework: String, _ executor: String
    ) {
      // Marathon and Aurora prefix the task's ID.
      let ids =
        [executor]
        + ["marathon-", "thermos-"].filter(executor.hasPrefix).map {
          String(executor.dropFirst($0.count))
        }
      var runs: [(Sandbox, isSame: Bool)] = []
      let isExecutor = ids.contains { $0.hasPrefix(id) }
      for run in names("\(directory)/\(rest)") {
        let path = "\(directory)/\(rest)/\(run)"
        let tasks = isExecutor ? [] : names("\(directory)/meta/\(rest)/\(run)/tasks")
        let all = ids + [run] + tasks
        guard all.contains(where: { $0.hasPrefix(id) }), let time = SandboxSearch.changed(path)
        else { continue }
        let sandbox = Sandbox(
          framework: framework, executor: executor, run: run, path: path, time: time)
        runs.append((sandbox, all.contains { $0.utf8.elementsEqual(id.utf8) }))
      }
      // A run ID selects that run. An executor ID selects its latest run.
      let named = runs.filter { $0.0.run.hasPrefix(id) }
      guard let last = (named.isEmpty ? runs : named).max(by: { $0.0.time < $1.0.time }) else {
        return
      }
      let chosen = named.count > 1 ? named : [last]
      for (sandbox, isSame) in chosen {
        if isSame { same.append(sandbox) } else { similar.append(sandbox) }
      }
    }
  }

  /// The time of a directory's last change; nil where it is not a directory.
  private static func changed(_ path: String) -> Int? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return Int(status.st_mtim.tv_sec)
  }

  private static func isComponent(_ text: String) -> Bool {
    !text.isEmpty && text != "." && text != ".." && text.utf8.count < 256
      && !text.utf8.contains(UInt8(ascii: "/")) && !text.utf8.contains(0)
  }
}
