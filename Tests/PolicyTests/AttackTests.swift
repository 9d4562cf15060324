import TestSupport
import Testing
import YAML

@testable import Compose
@testable import PodRuntime

@Suite("A closed policy refuses everything that reaches out of the pod")
struct AttackTests {
  /// The error for a file under a closed policy that permits images and what the attack needs
  /// besides.
  private func refusal(
    of attack: Attack, permitting more: [Permission: PodPolicy.Allowed] = [:]
  ) async throws -> DiagnosticError? {
    try await withTemporaryDirectory { directory in
      let trial = try Trial(in: directory, attack.files, links: attack.links)
      let usual: [Permission: PodPolicy.Allowed] = [.registries: .everything]
      var policy = trial.policy(
        usual.merging(attack.permitted) { $1 }.merging(more) { $1 })
      policy.maxPids = more[.maxPids] == nil && attack.permission == .maxPids ? 100 : nil
      policy.maxContainers =
        more[.maxContainers] == nil && attack.permission == .maxContainers ? 3 : nil
      do {
        _ = try trial.plan(policy)
        return nil
      } catch let error as DiagnosticError {
        return error
      }
    }
  }

  @Test(
    "an attack is refused at its line, and the message names the permission",
    arguments: Attack.all)
  func refused(_ attack: Attack) async throws {
    let error = try #require(try await refusal(of: attack))
    if let permission = attack.permission {
      #expect(error.message.contains("allow: \(permission.rawValue))"), "\(error.message)")
    }
    if let message = attack.message { #expect(error.message.contains(message)) }
    if let line = attack.line { #expect(error.position?.line == line, "\(error)") }
    #expect(!error.message.contains("outside-secret") && !error.message.contains("\n"))
  }

  @Test("the named permission permits it", arguments: Attack.all)
  func permitted(_ attack: Attack) async throws {
    guard let permission = attack.permission, permission != .dockerSocket else { return }
    let error = try await refusal(of: attack, permitting: [permission: .everything])
    // A permitted file may still not be runnable, or need a second permission.
    let isSame = error?.message.contains("allow: \(permission.rawValue))") ?? false
    #expect(!isSame, "\(error?.message ?? "")")
  }

  @Test("there are more than a hundred attacks, each with its own name")
  func number() {
    #expect(Attack.all.count > 120)
    #expect(Set(Attack.all.map(\.name)).count == Attack.all.count)
  }

  /// Invariant 9: every key is applied or refused.
  @Test("every key that isn't harmless has an attack, and no key has the class never")
  func covered() {
    let attacked = Set(Attack.all.flatMap(\.keys))
    for row in KeyRow.all {
      #expect(row.key.keyClass != .never, "\(row.path) has no class")
      switch row.key.keyClass {
      case .harmless, .confined, .never: continue
      case .needs, .hostPath, .network:
        #expect(attacked.contains(row.attackName), "no attack for \(row.path)")
      }
    }
    let known = Set(KeyRow.all.map(\.attackName))
    for name in attacked.sorted() { #expect(known.contains(name), "\(name) is no key") }
  }
}
