import Compose
import OrderedCollections
import YAML

/// An app for `POST /v2/apps` (Marathon's API, `app.raml`).
private struct MarathonApp: Encodable {
  struct PortDefinition: Encodable {
    var port = 0
    var `protocol`: String
    var name: String
  }
  struct Fetch: Encodable {
    var uri: String
    var extract: Bool
    var executable: Bool?
    var cache: Bool?
  }

  var id: String
  var user: String?
  var executor: String
  /// Marathon starts the executor with `chmod ug+rx PATH && exec PATH CMD`, and refuses an empty
  /// CMD.
  var cmd = "# no arguments"
  var instances: Int64
  var cpus: CPUs
  var mem: Int64
  var disk: Int64?
  var gpus: Int64?
  var portDefinitions: [PortDefinition]
  var fetch: [Fetch]
  var labels: [String: String]
  var env: [String: String]?
  var taskKillGracePeriodSeconds: Int64
}

extension ResourceSum {
  /// The app by which Marathon runs the pod.
  ///
  /// - Parameters:
  ///   - project: The project that was summed.
  ///   - submission: The other settings of the app.
  /// - Returns: JSON.
  /// - Throws: `DiagnosticError` for files that agents can't fetch, or for an ID that Marathon
  ///   refuses.
  package func marathonApp(_ project: Project, _ submission: Submission) throws -> String {
    let filled = try ResolvedSubmission(submission, project, self)
    let needed = try filled.needed(total)
    let id = try Self.appID(filled)
    if let odd = submission.variables.first(where: { !Self.isVariable($0.name) }) {
      throw DiagnosticError(
        "Marathon doesn't accept a variable named '\(odd.name)': use letters, digits and _")
    }
    let variables = Dictionary(submission.variables.map { ($0.name, $0.value) }) { $1 }
    return try MarathonApp(
      id: id, user: submission.user, executor: filled.executor.path,
      instances: submission.instances, cpus: needed.cpus, mem: needed.memory.mebibytes,
      disk: submission.disk?.mebibytes, gpus: needed.gpus > 0 ? needed.gpus : nil,
      portDefinitions: portDefinitions, fetch: Self.fetch(filled),
      labels: filled.labels(["fileName": filled.fileName, "pod.launch_timeout": "4m"]),
      env: variables.isEmpty ? nil : variables,
      taskKillGracePeriodSeconds: Self.grace(of: project)
    ).json()
  }

  private static func appID(_ filled: ResolvedSubmission) throws(DiagnosticError) -> String {
    guard let id = filled.given.id else {
      let name = filled.project.name.map { $0 == "_" ? "-" : $0 }
      return "/" + String(name.reversed().drop { $0 == "-" }.reversed())
    }
    // Marathon's `PathId`: names separated by dots; each name begins and ends with a letter or a
    // digit.
    let parts = id.split(separator: "/").flatMap {
      $0.split(separator: ".", omittingEmptySubsequences: false)
    }
    let isValid = parts.allSatisfy { $0.wholeMatch(of: /[a-z0-9]([a-z0-9-]*[a-z0-9])?/) != nil }
    guard isValid, id.contains(where: { $0 != "/" }) else {
      throw DiagnosticError(
        "--id takes an app's ID such as /group/web: lower case letters, digits, dashes and dots, not '\(id)'"
      )
    }
    return id
  }

  /// True for a variable name that Marathon accepts (`environmentVariable.raml`).
  private static func isVariable(_ name: String) -> Bool {
    name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*/) != nil
  }

  /// A definition for each host port, in the order in which the pod assigns them.
  private var portDefinitions: [MarathonApp.PortDefinition] {
    var taken: Set<String> = []
    return ports.map { need in
      let letters = need.service.lowercased().map {
        $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-"
      }
      let begin = String(letters.drop { $0 == "-" })
      let word = (begin.isEmpty ? "port" : begin) + "-\(need.target)"
      var name = word
      var number = 2
      while !taken.insert(name).inserted {
        name = "\(word)-\(number)"
        number += 1
      }
      // Marathon doesn't support sctp; the pod publishes the protocol of its file.
      let known = [Transport.udp, .tcp].filter(need.transports.contains).map(\.rawValue)
      return MarathonApp.PortDefinition(
        protocol: known.isEmpty ? "tcp" : known.joined(separator: ","), name: name)
    }
  }

  private static func fetch(_ filled: ResolvedSubmission) -> [MarathonApp.Fetch] {
    let (uri, _, isArchive) = filled.executor
    let executor =
      isArchive
      ? MarathonApp.Fetch(uri: uri, extract: true, cache: true)
      : MarathonApp.Fetch(uri: uri, extract: false, executable: true)
    return [executor] + filled.content.map { MarathonApp.Fetch(uri: $0, extract: $1) }
  }

  /// The kill grace period in seconds: the longest `stop_grace_period`, by default Docker's 10 s,
  /// and 10 s for the cleanup.
  private static func grace(of project: Project) -> Int64 {
    let longest = project.services.values.map { $0.stopGracePeriod ?? .seconds(10) }.max() ?? .zero
    return min(longest.secondsRoundedUp + 10, Int64(Int32.max))
  }
}
