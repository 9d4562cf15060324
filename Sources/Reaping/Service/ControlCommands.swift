import DockerEngine
import FoundationEssentials
import PodIdentity
import Program

/// What the control socket answers. Everything here only observes.
struct ControlCommands: Sendable {
  let reaper: Reaper
  /// Whether the service answers, and reports how it does itself.
  var isService = false

  /// Answers a line: `status`, or `explain CONTAINER`. JSON, or `error: …`.
  func respond(to line: String) async -> String {
    let interval = await reaper.settings.interval
    let problem = isService ? reaper.health.problem(every: interval) : nil
    do {
      if line == "status" {
        var report = try await reaper.observe().report()
        report.makePrintable()
        if isService {
          report.service = ServiceReport(
            healthy: problem == nil, problem: problem.map { Printable.text($0.words) },
            secondsSincePass: reaper.health.sinceLastPass().inSeconds)
        }
        return try report.json()
      }
      if line.hasPrefix("explain "), line != "explain " {
        let report = try await explain(String(line.dropFirst("explain ".count)))
        return String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
      }
      return "error: unknown request"
    } catch {
      let more = problem.map { " (unhealthy: \($0.words))" } ?? ""
      return "error: \(Printable.text("\(error)\(more)", limit: 2048))"
    }
  }

  /// Judges one container's pod.
  ///
  /// - Parameter container: its name or ID.
  /// - Returns: the pod and what is thought of it.
  /// - Throws: `EngineError`, `NoPod`.
  private func explain(_ container: String) async throws -> PodReport {
    let details = try await reaper.engine.inspectContainer(container)
    guard let identity = PodIdentity(labels: details.config.labels) else {
      throw NoPod(
        description: "\(Printable.text(container)) is no pod's container: it lacks the labels")
    }
    let report = try await reaper.observe(run: identity.run).report()
    let name = Printable.text(String(details.name.drop { $0 == "/" }))
    guard let pod = report.pods.first(where: { $0.containers.contains(name) }) else {
      throw NoPod(
        description: "\(name) is foreign: it inherited its labels from its image, and is left alone"
      )
    }
    return pod
  }
}

/// Why a container has no pod to explain.
struct NoPod: Error, CustomStringConvertible {
  let description: String
}
