import TestSupport
import Testing
import YAML

@testable import Compose
@testable import Executor
@testable import PodRuntime

/// The output of `compose-executor config --check-policy`.
@Suite("The least policy for a file")
struct AdviceTests {
  @Test(
    "is a settings file with which the file can be planned, and has nothing superfluous",
    arguments: Attack.all)
  func least(_ attack: Attack) async throws {
    try await withTemporaryDirectory { directory in
      let trial = try Trial(in: directory, attack.files, links: attack.links)
      let advice = try PolicyAdvice { _ = try trial.plan($0) }
      guard attack.permission != nil else {
        #expect(advice.refusal != nil, "\(advice.text)")
        return
      }
      // Some files can't be run whatever the policy permits.
      let refusal = advice.refusal
      let policy = try OperatorConfiguration(text: advice.text, file: "operator.yaml").policy
      #expect(failure(of: trial, under: policy) == refusal?.message)
      for permission in Permission.allCases where advice.needs[permission] == nil {
        switch permission {
        case .maxPids, .maxContainers: continue
        default: #expect(policy[permission] == .only([]), "\(permission): \(advice.text)")
        }
      }
      for (permission, words) in advice.needs {
        for word in words.map({ $0.map(Optional.some) }) ?? [nil] {
          let less = PolicyAdvice.text(Self.needs(advice.needs, without: permission, word))
          let policy = try OperatorConfiguration(text: less, file: "operator.yaml").policy
          let message = failure(of: trial, under: policy) ?? "nothing"
          #expect(message != refusal?.message, "without \(permission) \(word ?? ""): \(less)")
        }
      }
    }
  }

  private static func needs(
    _ needs: [Permission: [String]?], without permission: Permission, _ word: String?
  ) -> [Permission: [String]?] {
    var needs = needs
    let rest = needs[permission]??.filter { $0 != word } ?? []
    if rest.isEmpty { needs.removeValue(forKey: permission) } else { needs[permission] = rest }
    return needs
  }

  private func failure(of trial: Trial, under policy: PodPolicy) -> String? {
    do {
      _ = try trial.plan(policy)
      return nil
    } catch {
      return error.message
    }
  }
}
