import Compose
import YAML

/// A job as `australis create` and other clients over gorealis read it.
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
  /// The job that Aurora runs the pod as, for `australis create` and other clients over gorealis, which read YAML and
  /// so JSON; Aurora's own client can't name an executor.
  ///
  /// The executor's part isn't in it: it stands in the scheduler's executor configuration, which adds it to every job.
  ///
  /// - Parameters:
  ///   - project: the project that was summed.
  ///   - submission: what else Aurora is to know.
  /// - Returns: JSON.
  /// - Throws: `ComposeError` for files that agents can't fetch, or what a job can't carry.
  public func auroraJob(_ project: Project, _ submission: Submission) throws -> String {
    let filled = try FilledSubmission(submission, project, self)
    if let variable = submission.variables.first {
      throw ComposeError(
        "a job can't carry the variable \(variable.name): put it into .env beside the Compose file")
    }
    let needed = try filled.needed(pod)
    let id = submission.id ?? "www-data/devel/\(project.name)"
    let key = id.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard key.count == 3, key.allSatisfy(Self.isIdentifier) else {
      throw ComposeError(
        "--id takes a job's role/environment/name of letters, digits, - _ and dots, not '\(id)'")
    }
    let disk = submission.disk ?? ByteSize(bytes: 256 * 1_048_576)
    guard disk > .zero else { throw ComposeError("a job must ask for disk space: --disk 1m") }
    return try AuroraJob(
      role: key[0], environment: key[1], name: key[2], cpu: needed.cpus,
      ram: needed.memory.mebibytes, disk: disk.mebibytes, port: needed.ports,
      gpu: needed.gpus > 0 ? needed.gpus : nil, instances: submission.instances,
      uris: filled.content.map { AuroraJob.URI(uri: $0, extract: $1) },
      labels: filled.labels(["fileName": filled.fileName]), service: submission.isService
    ).json()
  }

  /// What Aurora takes for a part of a job's key (Aurora, `ConfigurationManager`, a good identifier).
  private static func isIdentifier(_ part: String) -> Bool {
    (1...255).contains(part.utf8.count)
      && part.utf8.allSatisfy {
        switch $0 {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
          UInt8(ascii: "."):
          true
        default: false
        }
      }
  }
}
