import DockerEngine
import JSON
import PodIdentity
import Program

/// The commands of the control socket. None of them changes anything.
struct ControlCommands: Sendable {
  let reaper: Reaper
  /// Whether the service responds, and adds its own state.
  var isService = false

  /// Responds to a request line: `status`, `explain POD`, or `service` for the state of the
  /// service, which needs no engine. The response is JSON, or `error: …`.
  func respond(to line: String) async -> String {
    let interval = await reaper.settings.interval
    let problem = isService ? reaper.health.problem(every: interval) : nil
    do {
      if line == "status" {
        var report = try await reaper.observe().report()
        report.images = await reaper.figures.counters.images
        report.makePrintable()
        if isService { report.service = reaper.health.report(every: interval) }
        return try report.json()
      }
      if line == "service", isService {
        let report = try JSONEncoder().encode(reaper.health.report(every: interval))
        return String(decoding: report, as: UTF8.self)
      }
      if line.hasPrefix("explain "), line != "explain " {
        let report = try await explain(String(line.dropFirst("explain ".count)))
        return String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
      }
      return "error: unknown request"
    } catch {
      let more = problem.map { " (unhealthy: \($0.text))" } ?? ""
      return "error: \(Printable.text("\(error)\(more)", limit: 2048))"
    }
  }

  /// Decides the verdict on one pod.
  ///
  /// - Parameter word: the name or ID of one of its containers, otherwise its task ID or run, or a
  ///   unique prefix of one of these.
  /// - Returns: the report about the pod.
  /// - Throws: `EngineError`, `PodNotFound`.
  private func explain(_ word: String) async throws -> PodReport {
    // Any other text would be a different request to the engine.
    guard Self.isContainer(word) else { return try await explain(task: word) }
    let details: ContainerDetails
    do {
      details = try await reaper.engine.inspectContainer(word)
    } catch let error as EngineError where error.isNotFound {
      return try await explain(task: word)
    }
    guard let identity = PodIdentity(labels: details.config.labels) else {
      throw PodNotFound(
        description: "\(Printable.text(word)) is not a container of a pod: it lacks the labels")
    }
    let report = try await reaper.observe(run: identity.run).report()
    let name = Printable.text(String(details.name.drop { $0 == "/" }))
    guard let pod = report.pods.first(where: { $0.containers.contains(name) }) else {
      throw PodNotFound(
        description: "\(name) is foreign: it inherited its labels from its image, and is left alone"
      )
    }
    return pod
  }

  /// Whether a text can be a container's name or ID (moby, `RestrictedNamePattern`).
  private static func isContainer(_ word: String) -> Bool {
    func isAlphanumeric(_ byte: UInt8) -> Bool {
      0x30...0x39 ~= byte || 0x61...0x7a ~= byte | 0x20
    }
    return word.utf8.first.map(isAlphanumeric) == true
      && word.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) }
  }

  private func explain(task word: String) async throws -> PodReport {
    let pods = try await reaper.observe().report().pods
    let word = Printable.text(word)
    let exact = pods.filter { $0.task == word || $0.run == word }
    let found =
      exact.isEmpty ? pods.filter { $0.task.hasPrefix(word) || $0.run.hasPrefix(word) } : exact
    guard let pod = found.first else {
      throw PodNotFound(description: "no pod has a container, task or run with the name \(word)")
    }
    if found.count > 1 {
      let runs = found.map(\.run).sorted()
      let more = runs.count > 8 ? ", …" : ""
      throw PodNotFound(
        description:
          "\(word) matches \(found.count) pods: name one of their runs, \(runs.prefix(8).joined(separator: ", "))\(more)"
      )
    }
    return pod
  }
}

/// Why there is no pod to explain.
struct PodNotFound: Error, CustomStringConvertible {
  let description: String
}
