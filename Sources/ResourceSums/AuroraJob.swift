import Compose
import YAML

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
  public func auroraJob(
    _ project: Project, _ submission: Submission
  ) throws(ComposeError) -> String {
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
    let disk = submission.disk ?? Memory(bytes: 256 * 1_048_576)
    guard disk > .none else { throw ComposeError("a job must ask for disk space: --disk 1m") }
    var job: [(key: String, value: JSONValue)] = [
      ("role", .string(key[0])), ("environment", .string(key[1])), ("name", .string(key[2])),
      ("cpu", .number(needed.cpus.text)), ("ram", .integer(needed.memory.mebibytes)),
      ("disk", .integer(disk.mebibytes)),
      ("port", .integer(needed.ports)),
    ]
    if needed.gpus > 0 { job.append(("gpu", .integer(needed.gpus))) }
    job += [
      (
        "executor",
        .object([("name", .string("compose-executor")), ("data", .string(""))])
      ),
      ("instances", .integer(submission.instances)), ("maxFailures", .integer(1)),
      (
        "uris",
        .array(
          filled.content.map { uri, isArchive in
            .object([
              ("uri", .string(uri)), ("extract", .boolean(isArchive)), ("cache", .boolean(false)),
            ])
          })
      ), ("labels", filled.labels([("fileName", filled.fileName)])),
      ("service", .boolean(submission.isService)), ("tier", .string("preemptible")),
    ]
    return JSONValue.object(job).text
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
