import Compose

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
    let needed = filled.needed(pod)
    let id = submission.id ?? "www-data/devel/\(project.name)"
    let key = id.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard key.count == 3, key.allSatisfy({ !$0.isEmpty }) else {
      throw ComposeError("--id takes a job's role/environment/name, not '\(id)'")
    }
    var job: [(key: String, value: JSONValue)] = [
      ("role", .string(key[0])), ("environment", .string(key[1])), ("name", .string(key[2])),
      ("cpu", .number(needed.cpus.text)), ("ram", .integer(needed.memory.mebibytes)),
      ("disk", .integer((submission.disk ?? Memory(bytes: 256 * 1_048_576)).mebibytes)),
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
}
