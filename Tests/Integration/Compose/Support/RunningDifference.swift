/// What differs on purpose between what runs on both sides, beyond what `Difference` takes out:
/// docs/compose.md has it all with its cases, and nothing else may differ.
struct RunningDifference: Sendable {
  /// The cases' names, or how they begin: `files-config-user*`.
  let cases: [String]
  /// How the places begin where it shows: a path in `docker inspect`, `inside` and a section of
  /// what the probe prints, `order`, `refused`.
  let places: [String]
  let ours: String
  let theirs: String
  let why: String

  static let all: [RunningDifference] = [
    RunningDifference(
      cases: [
        "order-network-mode", "together-shared-network", "namespaces-network-service*",
        "namespaces-owner",
      ],
      places: ["inside hosts"],
      ours: "also the names of all services in a shared network, at 127.0.0.1",
      theirs: "the owner's own hosts", why: "they find each other by name"),
    RunningDifference(
      cases: ["mounts-socket*"], places: ["inside files"],
      ours: "`/run/secrets/docker/config.json` without credentials",
      theirs: "the user's credentials, and no file where there are none",
      why: "a program that looks for the file finds one, and none of the executor's secrets"),
    RunningDifference(
      cases: ["networks-mac", "networks-mac-extended*"],
      places: ["NetworkSettings.Networks", "inside interfaces"],
      ours: "`mac_address`, before API 1.44 too", theirs: "one of the engine's before API 1.44",
      why: "nothing is dropped in silence"),
    RunningDifference(
      cases: ["order-stop-signal"], places: ["order"],
      ours:
        "one deadline for the whole pod: who ignores its signal is killed in time for those that it depends on",
      theirs: "10 s for each container, one after the other",
      why: "an agent kills what hasn't stopped in the task's grace"),
    RunningDifference(
      cases: ["together-restart-failure"], places: ["RestartCount"],
      ours: "`RestartCount` is 0", theirs: "Docker's count of restarts",
      why: "the executor restarts, never Docker"),
    RunningDifference(
      cases: ["values-restart-count"], places: ["refused"], ours: "refused",
      theirs: "`on-failure:many` is `on-failure`", why: "nothing is dropped in silence"),
    RunningDifference(
      cases: ["values-volume-mode"], places: ["refused"], ours: "refused by the engine",
      theirs: "an unknown word behind a mount is dropped", why: "nothing is dropped in silence"),
    RunningDifference(
      cases: ["values-mac"], places: ["refused"],
      ours: "refused by the engine, before API 1.44 too",
      theirs: "`mac_address` is dropped before API 1.44", why: "nothing is dropped in silence"),
  ]

  /// Whether a finding is one of them.
  static func explains(_ finding: RunningFinding) -> Bool {
    all.contains { difference in
      difference.cases.contains { RunningChoice.matches("\(finding.title)", $0) }
        && difference.places.contains { finding.place.hasPrefix($0) }
    }
  }

  /// The table of docs/compose.md.
  static var table: String {
    "| case | a pod | Compose 5.6.1 | why |\n| --- | --- | --- | --- |\n"
      + all.map { row in
        let cases = row.cases.map { "`\($0)`" }.joined(separator: ", ")
        return "| \(cases) | \(row.ours) | \(row.theirs) | \(row.why) |\n"
      }.joined()
  }
}
