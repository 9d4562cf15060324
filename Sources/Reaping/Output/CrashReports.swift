import CLinux
import Concurrency
import Dispatch
import DockerEngine
import Glibc
import Linux
import Logging
import PodIdentity
import PodObjects
import PodReports
import Program

/// The sandbox of a run whose executor is dead (Mesos, src/slave/paths.cpp).
struct CrashedSandbox: Sendable {
  /// The path, from the agent's hook or from its work directory.
  let path: String
  private let base: String
  private let components: [String]

  /// Determines the path; nil if there is none that belongs to the run.
  ///
  /// - Parameters:
  ///   - path: the sandbox that the agent's hook reported; nil if it reported none.
  ///   - workDirectory: the agent's work directory; nil if it isn't known.
  ///   - identity: the pod that the sandbox must belong to.
  init?(_ path: String?, workDirectory: String?, of identity: PodIdentity) {
    let ids = [identity.agentID, identity.frameworkID, identity.executorID, identity.run]
    guard ids.allSatisfy(Self.isComponent) else { return nil }
    components = [
      "slaves", ids[0], "frameworks", ids[1], "executors", ids[2], "runs", ids[3],
    ]
    let suffix = "/" + components.joined(separator: "/")
    if let path, path.hasPrefix("/"), path.hasSuffix(suffix) {
      base = String(path.dropLast(suffix.count))
    } else if let workDirectory, workDirectory.hasPrefix("/") {
      base = workDirectory
    } else {
      return nil
    }
    self.path = base + suffix
  }

  private static func isComponent(_ text: String) -> Bool {
    !text.isEmpty && text != "." && text != ".." && text.utf8.count < 256
      && !text.utf8.contains(UInt8(ascii: "/")) && !text.utf8.contains(0)
  }

  /// Opens the directory. Symbolic links below the agent's work directory aren't followed. Each
  /// directory above the sandbox must belong to root or this user, and must not be writable by
  /// others.
  ///
  /// - Returns: a descriptor, which the caller closes; nil if the directory doesn't exist or isn't
  ///   trusted.
  func open() -> Int32? {
    var directory = Glibc.open(base.isEmpty ? "/" : base, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return nil }
    for name in components {
      var status = stat()
      let isTrusted =
        fstat(directory, &status) == 0 && (status.st_uid == 0 || status.st_uid == geteuid())
        && status.st_mode & 0o022 == 0
      let next = isTrusted ? linux_open_directory_at(directory, name) : -1
      close(directory)
      guard next >= 0 else { return nil }
      directory = next
    }
    return directory
  }

  /// Writes a report, unless the executor had written one about the task before it died.
  ///
  /// - Parameters:
  ///   - report: the report.
  ///   - log: receives the result.
  func write(_ report: SandboxReport, _ log: Logger) {
    guard let directory = open() else { return }
    guard !Self.hasReport(in: directory, of: report.task) else {
      close(directory)
      return
    }
    let fields: Logger.Metadata = [
      "task": "\(Printable.text(report.task))", "run": "\(Printable.text(report.run))",
    ]
    do throws(ReportFiles.Failure) {
      let files = try ReportFiles(descriptor: directory, path: path)
      let names = try files.write(report)
      log.info(
        "report of a dead executor's pod: \(names.joined(separator: ", ")) in \(Printable.text(path))",
        metadata: fields)
    } catch {
      log.warning(
        "the report can't be written into \(Printable.text(path)): \(error)", metadata: fields)
    }
  }

  private static func hasReport(in directory: Int32, of task: String) -> Bool {
    ReportFiles.documents(of: task).contains { name in
      let location = linux_find_at(directory, name)
      guard location >= 0 else { return false }
      defer { close(location) }
      // A device must not be opened.
      var found = stat()
      guard fstat(location, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return false }
      let text = try? TextFile.regular("/proc/self/fd/\(location)", limit: 4 << 20)
      return text?.contains("\n \"task\": \"\(task)\",") == true
    }
  }
}

extension Reaper {
  /// Writes a report about each pod of a crashed executor into its sandbox, before any object of
  /// the pod is stopped or removed. It does so only once, and only if the operator permits it
  /// (`crash-reports`).
  ///
  /// - Parameter assessment: the verdicts of this pass.
  func writeCrashReports(_ assessment: Assessment) async {
    guard settings.crashReports else { return }
    // Slow reports must not delay the removal.
    let deadline = ContinuousClock.now + .seconds(10)
    for (identity, pod) in assessment.pods where assessment.isDead(identity) {
      if assessment.keeping.kept[identity]?.isDone == true || hasReported(identity) { continue }
      guard !pod.containers.isEmpty, !pod.containers.contains(where: { $0.until != nil }),
        let sandbox = CrashedSandbox(
          assessment.sandboxes[identity.run],
          workDirectory: settings.checkpoint?.agentWorkDirectory,
          of: identity)
      else { continue }
      let limit = min(deadline - .now, .seconds(2))
      guard limit > .zero else {
        log.warning("time is too short for a report in \(Printable.text(sandbox.path))")
        continue
      }
      let report = await crashReport(identity, pod, assessment, within: limit)
      let log = log
      let (results, sink) = AsyncStream<Void>.makeStream()
      // The work directory may be on a disk that doesn't respond.
      DispatchQueue.global().async {
        sandbox.write(report, log)
        sink.finish()
      }
      let writing = Task { for await _ in results {} }
      _ = await writing.hasEnded(within: .seconds(2))
      progress.step()
    }
  }

  /// Whether a pod's crash was reported before. It counts as reported from now on.
  private func hasReported(_ identity: PodIdentity) -> Bool {
    if reported.count > 4096 { reported = [] }
    return !reported.insert(identity).inserted
  }

  private func crashReport(
    _ identity: PodIdentity, _ pod: DiscoveredPod, _ assessment: Assessment, within limit: Duration
  ) async -> SandboxReport {
    var outcome = SandboxReport.Outcome(
      state: "crashed", cause: "crash",
      message: "its executor died: \(assessment.verdicts[identity]?.why ?? "")")
    outcome.optionalFailures = []
    var report = SandboxReport(
      writer: .reaper, program: Version.text, time: WallClock.now, task: identity.taskID,
      executor: identity.executorID, framework: identity.frameworkID, agent: identity.agentID,
      run: identity.run, project: identity.names.project, outcome: outcome)
    report.networks = pod.objects.of(.network).map(\.name).sorted()
    report.volumes = pod.objects.of(.volume).map(\.name).sorted()
    if let kept = assessment.keeping.kept[identity] {
      report.keptUntil = WallClock.text(kept.until)
    }
    let engine = engine
    let ids = pod.containers.prefix(200).map(\.id)
    let asking = Task { () -> [String: EngineValue] in
      await withTaskGroup(of: (String, EngineValue?).self) { group in
        for id in ids { group.addTask { (id, try? await engine.inspection(of: id)) } }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
    }
    let watch = Task { _ = await asking.value }
    let isThere = await watch.hasEnded(within: limit)
    if !isThere { asking.cancel() }
    let found = isThere ? await asking.value : [:]
    for container in pod.containers.sorted(by: { $0.name < $1.name }) {
      let inspection = found[container.id]
      var entry = SandboxReport.Container(
        name: container.name, kind: container.isWorth ? "service" : "infra", role: nil,
        id: container.id, state: container.isUp ? "running" : "exited")
      if !container.isUp, case .integer(let code)? = inspection?["State"]?["ExitCode"] {
        entry.exitCode = Int(clamping: code)
      }
      entry.inspection = inspection
      report.containers.append(entry)
    }
    return report
  }
}
