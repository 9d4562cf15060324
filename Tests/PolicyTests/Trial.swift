import Compose
import DockerEngine
import Foundation
import PodIdentity
import TestSupport
import Testing
import YAML

@testable import PodRuntime

/// The files of a task in their own sandbox, beside a directory of the host that doesn't belong to
/// the task.
struct Trial {
  let sandbox: String
  /// A directory outside the sandbox, with a file `secret`.
  let outside: String

  /// Creates the sandbox.
  ///
  /// - Parameters:
  ///   - directory: The directory in which the sandbox is created.
  ///   - files: Texts by path. `{outside}` stands for the other directory, `{sandbox}` for this
  ///     one.
  ///   - links: Link targets by path.
  /// - Throws: The errors of Foundation if it can't write.
  init(
    in directory: TemporaryDirectory, _ files: [String: String], links: [String: String] = [:]
  ) throws {
    (sandbox, outside) = (directory.path("sandbox"), directory.path("outside"))
    try directory.write("outside/secret", "KEY=outside-secret\n")
    try directory.write("outside/dir/file", "")
    for (name, text) in files { try directory.write("sandbox/" + name, filled(text)) }
    for (name, target) in links {
      let path = URL(fileURLWithPath: sandbox + "/" + name)
      try FileManager.default.createDirectory(
        at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(
        atPath: path.path, withDestinationPath: filled(target))
    }
  }

  /// The policy, with the paths of the directories filled in.
  func policy(_ permitted: [Permission: PodPolicy.Allowed]) -> PodPolicy {
    var policy = PodPolicy.strict
    for (permission, allowed) in permitted {
      guard case .only(let words) = allowed else {
        policy[permission] = allowed
        continue
      }
      policy[permission] = .only(words.map(filled))
    }
    return policy
  }

  private func filled(_ text: String) -> String {
    text.replacing("{outside}", with: outside).replacing("{sandbox}", with: sandbox)
  }

  /// Plans the pod as an executor does for a task: loads, plans and checks it.
  ///
  /// - Parameters:
  ///   - policy: The operator's policy.
  ///   - offered: The task's host ports. Nil if there are none.
  /// - Returns: The plan, with the checked paths.
  /// - Throws: `DiagnosticError` if the plan is refused.
  func plan(_ policy: PodPolicy, offered: [UInt16]? = nil) throws(DiagnosticError) -> PodPlan {
    let project = try ComposeLoader.load(
      LoadOptions(
        files: [sandbox + "/compose.yaml"], environment: ["VALUE": "value"], confine: true,
        bound: .sandbox(sandbox), readableDirectories: policy.readableDirectories,
        podName: { _ in "pod" }))
    var request = PodRequest(
      project: project, executorID: "task", taskID: "task",
      run: "2f6f6d0c-2f55-4a3b-8b2f-1f3b9c1d2e3f", offeredPorts: offered)
    request.policy = policy
    request.sandbox = sandbox
    let draft = try PodPlanner.plan(request, identity: request.identity)
    return try draft.confined(by: request, socket: "/run/trial-engine.sock")
      .placed(under: "/compose-pods/run")
  }
}

/// A Compose file that requests more than a closed policy permits.
struct Attack: Sendable, CustomTestStringConvertible {
  let name: String
  /// The keys that the attack covers, as paths below `services.*.` or from the top.
  let keys: [String]
  /// The permission that would permit it. Nil if there is none.
  let permission: Permission?
  /// The line in `compose.yaml` that the error names. Nil for a line of another file, or none.
  let line: Int?
  /// A part of the error message.
  let message: String?
  let files: [String: String]
  let links: [String: String]
  /// Further permissions. Images are always permitted.
  let permitted: [Permission: PodPolicy.Allowed]

  var testDescription: String { name }

  /// Creates an attack from lines of a service. They begin at line 4 of the file.
  init(
    _ name: String, _ keys: [String] = [], needs permission: Permission?, line: Int? = 4,
    says message: String? = nil, _ lines: String, top: String = "", files: [String: String] = [:],
    links: [String: String] = [:], permitted: [Permission: PodPolicy.Allowed] = [:]
  ) {
    let service = lines.split(separator: "\n", omittingEmptySubsequences: false)
      .map { "    \($0)\n" }.joined()
    self.init(
      name, keys, needs: permission, line: line, says: message,
      file: "services:\n  a:\n    image: busybox\n\(service)\(top)", files: files, links: links,
      permitted: permitted)
  }

  /// Creates an attack from a complete file.
  init(
    _ name: String, _ keys: [String] = [], needs permission: Permission?, line: Int?,
    says message: String? = nil, file: String, files: [String: String] = [:],
    links: [String: String] = [:], permitted: [Permission: PodPolicy.Allowed] = [:]
  ) {
    self.name = name
    self.keys = keys
    self.permission = permission
    self.line = line
    self.message = message
    self.files = files.merging(["compose.yaml": file]) { $1 }
    self.links = links
    self.permitted = permitted
  }
}
