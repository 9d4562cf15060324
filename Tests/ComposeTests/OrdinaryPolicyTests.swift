import Compose
import Foundation
import OrderedCollections
import PodRuntime
import TestSupport
import Testing
import YAML

@testable import Executor
@testable import PodRuntime

@Suite("Ordinary files pass under deploy/policy-restricted.yaml")
struct OrdinaryPolicyTests {
  private static let policy: PodPolicy? = {
    let text = try? SourceTree.text("deploy/policy-restricted.yaml")
    return try? OperatorConfiguration(text: text ?? "", file: "policy-restricted.yaml").policy
  }()

  /// The reason why a file is refused. Nil if it is permitted. Outer nil for a file that isn't a
  /// valid pod.
  private static func refusal(
    _ options: LoadOptions, sandbox: String, _ policy: PodPolicy
  ) throws -> String?? {
    var options = options
    options.confine = true
    options.bound = .sandbox(sandbox)
    guard let project = try? ComposeLoader.load(options) else { return nil }
    let ports = project.services.values.reduce(0) {
      $0 + $1.ports.count * max(1, $1.scale?.value ?? 1)
    }
    var request = PodRequest(
      project: project, executorID: "task", taskID: "task", run: "run",
      offeredPorts: (0..<UInt16(ports + 1)).map { 31000 + $0 })
    request.sandbox = sandbox
    request.policy = policy
    guard let draft = try? PodPlanner.plan(request, identity: request.identity) else { return nil }
    options.readableDirectories = policy.readableDirectories
    do throws(DiagnosticError) {
      request.project = try ComposeLoader.load(options)
      _ = try draft.confined(by: request, socket: nil)
      return .some(nil)
    } catch {
      return .some("\(error.remedy?.setting ?? "-"): \(error.message)")
    }
  }

  @Test("of the kinds of public stacks; the reasons for refusals are in a golden")
  func kinds() async throws {
    let policy = try #require(Self.policy)
    var lines: [String] = []
    var count = 0
    for item in KindCase.all {
      let found = try await item.inDirectory { root, arguments in
        try Self.refusal(
          item.options(arguments), sandbox: root + "/" + item.name, policy
        )
        .map { $0?.replacing(root, with: "/@") }
      }
      guard let refusal = found else { continue }
      count += 1
      if let refusal { lines.append("\(item.description): \(refusal)") }
    }
    let text = lines.sorted().joined(separator: "\n") + "\n"
    let golden = SourceTree.path("Tests/ComposeTests/Goldens/policy-restricted.txt")
    if GoldenFile.isRecording { try Data(text.utf8).write(to: URL(fileURLWithPath: golden)) }
    #expect(try String(contentsOfFile: golden, encoding: .utf8) == text)
    #expect(count - lines.count >= 150, "\(count - lines.count) of \(count) pass")
  }

  @Test("of the samples", arguments: ["founding", "job", "roles", "sidecars", "terminal"])
  func samples(_ name: String) throws {
    let policy = try #require(Self.policy)
    let directory = SourceTree.path("deploy/samples/\(name)")
    let options = LoadOptions(files: ["\(directory)/compose.yaml"])
    #expect(try Self.refusal(options, sandbox: directory, policy) == .some(nil))
  }
}
