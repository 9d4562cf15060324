import Compose
import Foundation
import TestSupport
import Testing
import YAML

@Suite("The output of config is that of Docker Compose 5")
struct ParityTests {
  @Test("the corpus is broad, and each case has a golden")
  func corpusIsBroad() throws {
    #expect(CorpusCase.all.count >= 200)
    #expect(CorpusCase.refused.count >= 100)
    for group in CorpusGroup.accepted + [.refused] {
      #expect(try group.goldens.strays(among: group.cases.map(\.description)) == [], "\(group)")
    }
  }

  @Test("in JSON and YAML, also for its own output as input", arguments: CorpusGroup.accepted)
  func printed(_ group: CorpusGroup) async throws {
    let goldens = try group.goldens.stored()
    for item in group.cases {
      var (printed, again): ([CorpusCase.Form: String], [CorpusCase.Form: String]) = ([:], [:])
      for form in item.forms { printed[form] = try await onThread { try item.printed(form) } }
      for form in CorpusCase.Form.allCases { again[form] = try await item.printedAgain(form) }
      var golden = goldens[item.description] ?? Golden("-")
      // Docker Compose can't read some of its own output; this output is read as it was.
      for form in CorpusCase.Form.allCases where again[form] == nil {
        golden.forms["\(form) again"] = nil
      }
      let (texts, others, stored) = (printed, again, golden)
      let difference = try await onThread {
        item.golden(texts, again: others).difference(from: stored)
      }
      #expect(difference == nil, "\(item)")
    }
  }

  @Test("a file that it refuses is refused with its position", arguments: CorpusCase.refused)
  func refusal(_ item: CorpusCase) throws {
    let error = #expect(throws: DiagnosticError.self) {
      try ComposeLoader.load(item.options()).json()
    }
    #expect((error?.position?.line ?? 0) > 0, "\(String(describing: error))")
    #expect(error?.message.contains("\n") == false)
  }
}
