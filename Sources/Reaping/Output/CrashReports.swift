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

/// Finds the sandbox of a run whose executor is dead (Mesos, src/slave/paths.cpp), and opens it.
struct CrashedSandbox: Sendable {
  /// Its path, as the agent's hook or its work directory has it.
  let path: String
  private let base: String
  private let components: [String]

  /// Reads a path; nil where there is none that is the run's.
  ///
  /// - Parameters:
  ///   - path: the sandbox as the agent's hook named it; nil where it didn't.
  ///   - workDirectory: the agent's work directory; nil where it isn't known.
  ///   - identity: whose sandbox it has to be.
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

  /// Opens the directory. Below the agent's work directory no link is followed, and each directory above the sandbox must be
  /// root's or this user's, and nobody else's to write.
  ///
  /// - Returns: a descriptor, to be closed by the caller; nil where it isn't there, or not to be trusted.
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

  /// Writes a report, unless the executor had written one of the task before it died.
  ///
  /// - Parameters:
  ///   - report: the report.
  ///   - log: is told what became of it.
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
      log.warning("no report in \(Printable.text(path)): \(error)", metadata: fields)
    }
  }

  private static func hasReport(in directory: Int32, of task: String) -> Bool {
    ReportFiles.documents(of: task).contains { name in
      let place = linux_find_at(directory, name)
      guard place >= 0 else { return false }
      defer { close(place) }
      // A device isn't opened.
      var found = stat()
      guard fstat(place, &found) == 0, found.st_mode & S_IFMT == S_IFREG else { return false }
      let text = try? TextFile.regular("/proc/self/fd/\(place)", limit: 4 << 20)
      return text?.contains("\n \"task\": \"\(task)\",") == true
    }
  }
}

extension Reaper {
  /// Writes a report of each pod whose executor has crashed into its sandbox, before anything of it is stopped or removed:
  /// only where the operator permits it (`crash-reports`), and once.
  ///
  /// - Parameter assessment: what was found.
  func writeCrashReports(_ assessment: Assessment) async {
    guard settings.crashReports else { return }
    // What takes longer, whoever's fault it is, doesn't hold up the removal.
    let deadline = ContinuousClock.now + .seconds(10)
    for (identity, pod) in assessment.pods where assessment.isDead(identity) {
      if assessment.keeping.kept[identity]?.isDone == true || hasReported(identity) { continue }
      guard !pod.containers.isEmpty, !pod.containers.contains(where: { $0.until != nil }),
        let sandbox = CrashedSandbox(
          assessment.sandboxes[identity.run], workDirectory: settings.checkpoint?.workFolder,
          of: identity)
      else { continue }
      let limit = min(deadline - .now, .seconds(2))
      guard limit > .zero else {
        log.warning("no time for a report in \(Printable.text(sandbox.path))")
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

  /// Whether a pod's crash was reported before; from now on it was.
  private func hasReported(_ identity: PodIdentity) -> Bool {
    if reported.count > 4096 { reported = [] }
    return !reported.insert(identity).inserted
  }

  private func crashReport(
    _ identity: PodIdentity, _ pod: ObservedPod, _ assessment: Assessment, within limit: Duration
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
