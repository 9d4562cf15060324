import Glibc
import Linux
import PodIdentity
import SystemPackage

/// Finds sandboxes of runs below an agent's work directory (Mesos, src/slave/paths.cpp), in bounded time.
struct SandboxSearch: Sendable {
  /// A run's sandbox.
  struct Sandbox: Sendable, Equatable {
    var framework: String
    var executor: String
    var run: String
    var path: String
    /// When it was last changed.
    var time: Int
  }

  /// What a search has found.
  struct Found: Sendable {
    var sandboxes: [Sandbox] = []
    /// Not all was seen.
    var isCut = false
  }

  /// Where agents keep their files, unless an option or MESOS_WORK_DIR names another directory.
  static let usual = ["/var/lib/mesos", "/var/lib/mesos/agent", "/var/lib/mesos/slave"]

  /// The agents' `--work_dir`.
  let directories: [String]

  /// Reads where to search.
  ///
  /// - Parameters:
  ///   - option: `--work-dir`.
  ///   - environment: MESOS_WORK_DIR is read.
  init(option: String?, environment: [String: String]) {
    directories =
      [option, environment["MESOS_WORK_DIR"]].compactMap(\.self).first { !$0.isEmpty }.map { [$0] }
      ?? Self.usual
  }

  /// The sandbox of a pod.
  ///
  /// - Parameter identity: whose; its IDs come from labels and can't lead out of the directory.
  /// - Returns: its path; nil where there is none.
  func sandbox(of identity: PodIdentity) -> String? {
    let ids = [identity.agentID, identity.frameworkID, identity.executorID, identity.run]
    guard ids.allSatisfy(Self.isComponent) else { return nil }
    return directories.lazy
      .map {
        "\($0)/slaves/\(ids[0])/frameworks/\(ids[1])/executors/\(ids[2])/runs/\(ids[3])"
      }.first { Self.changed($0) != nil }
  }

  /// The sandboxes whose task, executor or run is an ID, or begins with it; where one is the very ID, only those.
  ///
  /// - Parameters:
  ///   - id: a task ID, executor ID or run, or its beginning.
  ///   - framework: the framework's ID, or its beginning; nil for all.
  ///   - limit: how long to search.
  /// - Returns: the last run of each executor that matches, or the run that does.
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

    /// The names of subdirectories; none once the search has taken too long.
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
      // Marathon and Aurora put a word of theirs before the task's ID.
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
      // A run that is named is that run; of an executor the last one counts.
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

  /// When a directory was changed; nil for what is none.
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
