import Compose
import OrderedCollections
import YAML

extension ResourceSum {
  /// The app that Marathon runs the pod as, to be posted to `/v2/apps` (Marathon's API, `app.raml`).
  ///
  /// - Parameters:
  ///   - project: the project that was summed.
  ///   - submission: what else Marathon is to know.
  /// - Returns: JSON.
  /// - Throws: `ComposeError` for files that agents can't fetch, or an ID that Marathon doesn't take.
  public func marathonApp(
    _ project: Project, _ submission: Submission
  ) throws(ComposeError) -> String {
    let filled = try FilledSubmission(submission, project, self)
    let needed = try filled.needed(total)
    var app: [(key: String, value: JSONValue)] = [("id", .string(try Self.appID(filled)))]
    if let user = submission.user { app.append(("user", .string(user))) }
    // Marathon starts the executor with `chmod ug+rx PATH && exec PATH CMD`, and refuses an empty CMD.
    app += [
      ("executor", .string(filled.executor.path)), ("cmd", .string("# no arguments")),
      ("instances", .integer(submission.instances)), ("cpus", .number(needed.cpus.text)),
      ("mem", .integer(needed.memory.mebibytes)),
    ]
    if let disk = submission.disk { app.append(("disk", .integer(disk.mebibytes))) }
    if needed.gpus > 0 { app.append(("gpus", .integer(needed.gpus))) }
    app += [
      ("portDefinitions", .array(portDefinitions)), ("fetch", .array(Self.fetch(filled))),
      (
        "labels",
        filled.labels([("fileName", filled.fileName), ("pod.launch_timeout", "4m")])
      ),
    ]
    if let odd = submission.variables.first(where: { !Self.isVariable($0.name) }) {
      throw ComposeError("Marathon takes no variable named '\(odd.name)': letters, digits and _")
    }
    if !submission.variables.isEmpty {
      app.append(
        ("env", .object(submission.variables.map { ($0.name, .string($0.value)) })))
    }
    app.append(("taskKillGracePeriodSeconds", .integer(Self.grace(of: project))))
    return JSONValue.object(app).text
  }

  private static func appID(_ filled: FilledSubmission) throws(ComposeError) -> String {
    guard let id = filled.given.id else {
      let name = filled.project.name.map { $0 == "_" ? "-" : $0 }
      return "/" + String(name.reversed().drop { $0 == "-" }.reversed())
    }
    // Marathon's `PathId`: names with dots between them, and each of the names begins and ends with a letter or a digit.
    let parts = id.split(separator: "/").flatMap {
      $0.split(separator: ".", omittingEmptySubsequences: false)
    }
    let isValid = parts.allSatisfy { part in
      !part.isEmpty && part.first != "-" && part.last != "-"
        && part.utf8.allSatisfy { byte in
          switch byte {
          case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"):
            true
          default: false
          }
        }
    }
    guard isValid, id.contains(where: { $0 != "/" }) else {
      throw ComposeError(
        "--id takes an app's ID such as /group/web: small letters, digits, dashes and dots, not '\(id)'"
      )
    }
    return id
  }

  /// What Marathon takes for a variable's name (`environmentVariable.raml`).
  private static func isVariable(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else {
      return false
    }
    return name.utf8.allSatisfy {
      switch $0 {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }

  /// A definition for each host port, in the order in which the pod hands them out.
  private var portDefinitions: [JSONValue] {
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
      // Marathon has no word for sctp; the pod publishes what its file says.
      let known = ["udp", "tcp"].filter { need.transports.contains($0) }
      return .object([
        ("port", .integer(0)),
        ("protocol", .string(known.isEmpty ? "tcp" : known.joined(separator: ","))),
        ("name", .string(name)),
      ])
    }
  }

  private static func fetch(_ filled: FilledSubmission) -> [JSONValue] {
    let executor = filled.executor
    let first: [(key: String, value: JSONValue)] =
      executor.isArchive
      ? [("extract", .boolean(true)), ("cache", .boolean(true))]
      : [("extract", .boolean(false)), ("executable", .boolean(true))]
    let rest = filled.content.map { uri, isArchive in
      JSONValue.object([("uri", .string(uri)), ("extract", .boolean(isArchive))])
    }
    return [.object([("uri", .string(executor.uri))] + first)] + rest
  }

  /// Seconds: the longest `stop_grace_period`, Docker's 10 s where a service has none, and 10 s for what comes after.
  private static func grace(of project: Project) -> Int64 {
    let longest = project.services.values.map { $0.stopGracePeriod ?? 10_000_000_000 }.max() ?? 0
    let seconds = longest / 1_000_000_000 + (longest % 1_000_000_000 > 0 ? 1 : 0) + 10
    return min(seconds, Int64(Int32.max))
  }
}
