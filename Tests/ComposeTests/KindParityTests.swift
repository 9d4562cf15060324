import Compose
import Foundation
import Testing
import YAML

@Suite("Files of the kinds of public stacks are resolved as by Docker Compose 5")
struct KindParityTests {
  @Test("there are at least 300 cases of 25 kinds, each with its own name and golden")
  func broad() throws {
    #expect(KindCase.all.count >= 300)
    #expect(KindCase.kinds.count >= 25)
    #expect(Set(KindCase.all.map(\.description)).count == KindCase.all.count)
    for kind in KindCase.kinds {
      let names = KindCase.cases(of: kind).map(\.name)
      #expect(try KindCase.goldens(of: kind).strays(among: names) == [], "\(kind)")
    }
  }

  @Test("a file that Docker Compose accepts is resolved as its golden", arguments: KindCase.kinds)
  func resolved(_ kind: String) async throws {
    let goldens = try KindCase.goldens(of: kind).stored()
    for item in KindCase.cases(of: kind) where item.location == nil && item.reason == nil {
      let (ours, error) = try await load(item)
      let golden = try #require(goldens[item.name]?.text, "\(item)")
      #expect(golden != Golden.refused, "\(item)")
      #expect(ours == golden, "\(item): \(error.map { "\($0)" } ?? Difference.first(ours, golden))")
    }
  }

  @Test("a file that it refuses is refused at the wrong line", arguments: KindCase.kinds)
  func refused(_ kind: String) async throws {
    let goldens = try KindCase.goldens(of: kind).stored()
    for item in KindCase.cases(of: kind) {
      guard let location = item.location else { continue }
      #expect((goldens[item.name]?.text == Golden.refused) == (item.reason == nil), "\(item)")
      let (ours, error) = try await load(item)
      #expect(ours.isEmpty, "\(item)")
      let position = try #require(error?.position, "\(item): \(String(describing: error))")
      #expect(position.column > 0)
      #expect(
        "\(position.file):\(position.line)".hasSuffix("/\(item.name)/\(location)"),
        "\(item): \(position)")
      #expect(error?.message.contains("\n") == false, "\(item)")
    }
  }

  @Test("a file that only it refuses, by intention, loads")
  func taken() async throws {
    let items = KindCase.all.filter { $0.reason != nil && $0.location == nil }
    #expect(items.count < 10)
    for item in items {
      #expect(
        try KindCase.goldens(of: item.kind).stored()[item.name]?.text == Golden.refused, "\(item)")
      let (ours, error) = try await load(item)
      #expect(!ours.isEmpty, "\(item): \(String(describing: error))")
    }
  }

  /// The result for a case. If it is refused: no text, and the error.
  private func load(_ item: KindCase) async throws -> (text: String, error: DiagnosticError?) {
    try await item.inDirectory { root, arguments in
      do throws(DiagnosticError) {
        let project = try ComposeLoader.load(item.options(arguments))
        return (Golden.compact(try project.json(), root: root), nil)
      } catch {
        return ("", error)
      }
    }
  }
}
