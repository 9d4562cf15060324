import Compose
import YAML

/// A job in the format of `australis create` and other gorealis clients.
private struct AuroraJob: Encodable {
  struct Executor: Encodable {
    var name = "compose-executor"
    var data = ""
  }
  struct URI: Encodable {
    var uri: String
    var extract: Bool
    var cache = false
  }

  var role: String
  var environment: String
  var name: String
  var cpu: CPUs
  var ram: Int64
  var disk: Int64
  var port: Int64
  var gpu: Int64?
  var executor = Executor()
  var instances: Int64
  var maxFailures = 1
  var uris: [URI]
  var labels: [String: String]
  var service: Bool
  var tier = "preemptible"
}

extension ResourceSum {
  /// The job by which Aurora runs the pod, for `australis create` and other gorealis clients, which
  /// read YAML and therefore JSON; Aurora's own client can't name an executor.
  ///
  /// The job doesn't include the executor's own resources: the scheduler's executor configuration
  /// adds them to every job.
  ///
  /// - Parameters:
  ///   - project: The project that was summed.
  ///   - submission: The other settings of the job.
  /// - Returns: JSON.
  /// - Throws: `DiagnosticError` for files that agents can't fetch, or for settings that a job
  ///   can't have.
  package func auroraJob(_ project: Project, _ submission: Submission) throws -> String {
    let filled = try ResolvedSubmission(submission, project, self)
    if let variable = submission.variables.first {
      throw DiagnosticError(
        "a job can't have the variable \(variable.name): put it into .env in the Compose file's directory"
      )
    }
    let needed = try filled.needed(pod)
    let id = submission.id ?? "www-data/devel/\(project.name)"
    let key = id.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard key.count == 3, key.allSatisfy(Self.isIdentifier) else {
      throw DiagnosticError(
        "--id takes a job's role/environment/name of letters, digits, - _ and dots, not '\(id)'")
    }
    let disk = submission.disk ?? ByteSize(bytes: 256 * 1_048_576)
    guard disk > .zero else {
      throw DiagnosticError("a job must request disk space: set --disk, such as 256m")
    }
    return try AuroraJob(
      role: key[0], environment: key[1], name: key[2], cpu: needed.cpus,
      ram: needed.memory.mebibytes, disk: disk.mebibytes, port: needed.ports,
      gpu: needed.gpus > 0 ? needed.gpus : nil, instances: submission.instances,
      uris: filled.content.map { AuroraJob.URI(uri: $0, extract: $1) },
      labels: filled.labels(["fileName": filled.fileName]), service: submission.isService
    ).json()
  }

  /// True for a valid part of a job key (Aurora, `ConfigurationManager`, a good identifier).
  private static func isIdentifier(_ part: String) -> Bool {
    part.wholeMatch(of: /[A-Za-z0-9._-]{1,255}/) != nil
  }
}
