import Foundation
import OrderedCollections
import TestSupport
import YAML

@testable import Compose

/// A service that Compose or its engine refuses.
struct RunningRefusal: Sendable, CustomStringConvertible {
  let description: String
  let files: [String: String]
  let environment: [String: String]
  /// A controller without which an engine ignores the value with a warning: `needs: memory`.
  let controller: String?

  /// The cases of `Running/refused`: one project with one service each.
  static func all() throws -> [RunningRefusal] {
    try RunningText.tables(in: "refused").flatMap { table, root in
      let common = root["common"]?.string ?? "image: pod-test/probe\nnetwork_mode: none\n"
      return (root["rows"]?.mapping ?? [:]).map { name, row in
        let snippet = row.value.string ?? row.value["is"]?.string ?? ""
        var files = root["files"]?.texts ?? [:]
        files["compose.yaml"] =
          row.value["file"]?.string
          ?? "x-common: &common\n" + RunningText.indented(common, by: 2)
          + "\nservices:\n  refused:\n    <<: *common\n" + RunningText.indented(snippet) + "\n"
          + (row.value["top"]?.string ?? root["top"]?.string ?? "")
        return RunningRefusal(
          description: "\(table)-\(name)", files: files,
          environment: root["environment"]?.texts ?? [:], controller: row.value["needs"]?.string)
      }
    }
  }

  /// The differences: whether it is refused, and whether the refusal has a location.
  func findings(on engine: TestEngine) async throws -> [RunningFinding] {
    if let controller, !engine.has(controller) { return [] }
    async let theirs = theirs(on: engine)
    let ours = try await ours(on: engine)
    let other = try await theirs
    var found: [RunningFinding] = []
    if ours.isRefused != other.isRefused {
      found.append(
        RunningFinding(
          name: description, location: "refused", ours: ours.text, theirs: other.text))
    }
    if !ours.isRefused, !other.isRefused {
      found.append(
        RunningFinding(
          name: description, location: "accepted", ours: ours.text, theirs: other.text))
    }
    if ours.isRefused, ours.text.firstMatch(of: /\.ya?ml:[0-9]+:[0-9]+:/) == nil {
      found.append(
        RunningFinding(
          name: description, location: "place", ours: ours.text, theirs: other.text))
    }
    return found
  }

  private struct Outcome: Sendable {
    let isRefused: Bool
    let text: String
  }

  private func ours(on engine: TestEngine) async throws -> Outcome {
    try await withTemporaryDirectory { directory in
      for (path, text) in files { try directory.write(path, text) }
      let name = "parity-\(UUID().uuidString.prefix(8).lowercased())"
      let process = try Command(
        BuiltProgram.composeExecutor, ["run", "--task-id", name, "--grace", "0s"],
        environment: ["DOCKER_HOST": engine.dockerHost, "HOME": directory.path]
          .merging(environment) { $1 }, directory: directory.path
      ).start()
      try await eventually("the end of \(self), or its run") {
        process.status != nil || process.lines().contains { $0.contains(" TASK_RUNNING ") }
      }
      let isRefused = process.status == .exited(1)
      process.send(SIGTERM)
      let end = PodEnd(try await process.result())
      let text = end.stderr.last { $0.contains(": ") } ?? ""
      return Outcome(isRefused: isRefused, text: end.message.isEmpty ? text : end.message)
    }
  }

  private func theirs(on engine: TestEngine) async throws -> Outcome {
    try await withTemporaryDirectory { directory in
      for (path, text) in files { try directory.write(path, text) }
      let name = "parity-\(UUID().uuidString.prefix(8).lowercased())"
      func compose(_ words: [String]) -> Command {
        Oracle5.cli(
          name, engine, ["--progress", "quiet"] + words, directory: directory.path,
          environment: environment)
      }
      let result = try await compose(["up", "-d"]).run(within: .seconds(300))
      try await compose(["down", "-v", "-t", "0"]).run(within: .seconds(300))
      let line = result.stderr.split(separator: "\n").last.map(String.init) ?? ""
      return Outcome(isRefused: !result.status.isSuccess, text: line)
    }
  }
}
