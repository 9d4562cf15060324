/// One intended difference between containers that run on both sides, in addition to `Difference`.
/// docs/compose.md lists all of them with their cases; nothing else may differ.
struct RunningDifference: Sendable {
  /// The names of the cases, or their prefixes: `files-config-user*`.
  let cases: [String]
  /// Prefixes of the locations of the difference: a path in `docker inspect`, `inside` and a
  /// section of the probe's output, `order`, `refused`.
  let locations: [String]
  let ours: String
  let theirs: String
  let why: String

  static let all: [RunningDifference] = [
    RunningDifference(
      cases: [
        "order-network-mode", "together-shared-network", "namespaces-network-service*",
        "namespaces-owner",
      ],
      locations: ["inside hosts"],
      ours: "also the names of all services in a shared network namespace, at 127.0.0.1",
      theirs: "the owner's own hosts",
      why: "The services reach each other by name."),
    RunningDifference(
      cases: ["mounts-socket*"],
      locations: ["inside files"],
      ours: "`/run/secrets/docker/config.json` without credentials",
      theirs: "the user's credentials, or no file if there are none",
      why: "A program that reads the file finds it, but none of the executor's credentials."),
    RunningDifference(
      cases: ["networks-mac", "networks-mac-extended*"],
      locations: ["NetworkSettings.Networks", "inside interfaces"],
      ours: "`mac_address`, before API 1.44 too",
      theirs: "an address of the engine's choice before API 1.44",
      why: "The executor drops nothing that the file asks for."),
    RunningDifference(
      cases: ["order-stop-signal"],
      locations: ["order"],
      ours:
        "one deadline for the whole pod: a container that ignores its stop signal is killed "
        + "early enough for the containers that it depends on",
      theirs: "10 s for each container, one after another",
      why: "The agent kills what has not stopped within the task's grace period."),
    RunningDifference(
      cases: ["together-restart-failure"],
      locations: ["RestartCount"],
      ours: "`RestartCount` is 0",
      theirs: "Docker's count of restarts",
      why: "The executor restarts containers, Docker never does."),
    RunningDifference(
      cases: ["values-restart-count"],
      locations: ["refused"],
      ours: "refused",
      theirs: "`on-failure:many` is read as `on-failure`",
      why: "The executor drops nothing that the file asks for."),
    RunningDifference(
      cases: ["values-volume-mode"],
      locations: ["refused"],
      ours: "refused by the engine",
      theirs: "an unknown option of a mount is dropped",
      why: "The executor drops nothing that the file asks for."),
    RunningDifference(
      cases: ["values-mac"],
      locations: ["refused"],
      ours: "refused by the engine, before API 1.44 too",
      theirs: "`mac_address` is dropped before API 1.44",
      why: "The executor drops nothing that the file asks for."),
  ]

  /// Whether a finding is one of them.
  static func explains(_ finding: RunningFinding) -> Bool {
    all.contains { difference in
      difference.cases.contains { RunningChoice.matches("\(finding.title)", $0) }
        && difference.locations.contains { finding.location.hasPrefix($0) }
    }
  }

  /// The table of docs/compose.md.
  static var table: String {
    "| case | pod | Docker Compose 5.6.1 | reason |\n| --- | --- | --- | --- |\n"
      + all.map { row in
        let cases = row.cases.map { "`\($0)`" }.joined(separator: ", ")
        return "| \(cases) | \(row.ours) | \(row.theirs) | \(row.why) |\n"
      }.joined()
  }
}
