import Compose
import Foundation
import TestSupport
import Testing
import YAML

@Suite("The list of a file's errors")
struct FaultTests {
  /// The errors of a text, each as `line:column: message`.
  private func faults(_ text: String, _ others: [String: String] = [:]) throws -> [String] {
    let directory = try Directory(others)
    try directory.write("compose.yaml", text)
    return ComposeLoader.faults(LoadOptions(files: [directory.file("compose.yaml")])).faults.map {
      "\($0)".replacing(directory.file("compose.yaml") + ":", with: "")
    }
  }

  @Test(
    "begins with the error of a load, for every file that Docker Compose refuses",
    arguments: CorpusCase.refused)
  func first(_ item: CorpusCase) throws {
    let error = #expect(throws: DiagnosticError.self) {
      try ComposeLoader.load(item.options()).json()
    }
    let faults = ComposeLoader.faults(item.options()).faults
    // This error occurs only in JSON.
    if item.description == "ssh-path-as-json" { return #expect(faults.isEmpty) }
    #expect(faults.first?.description == error?.description, "\(faults)")
  }

  @Test(
    "has no error of a file that Docker Compose accepts, other than those that a launch reports",
    arguments: CorpusGroup.accepted)
  func none(_ group: CorpusGroup) throws {
    for item in group.cases {
      let launch = try ComposeLoader.load(item.options()).faults.map(\.description)
      let faults = ComposeLoader.faults(item.options()).faults.map(\.description)
      #expect(faults.sorted() == launch.sorted(), "\(item)")
    }
  }

  /// `docker compose config` prints them, and the engine refuses them.
  @Test("has values that only a launch refuses, if it has no other error")
  func launch() throws {
    let text = """
      services:
        a: {image: x, restart: sometimes}
        b: {image: x, restart: "always:3"}
      """
    let refused = "`restart` must be no, always, unless-stopped or on-failure[:N], not"
    let expected = ["2:26: \(refused) `sometimes`", "3:26: \(refused) `always:3`"]
    #expect(try faults(text) == expected)
    #expect(try faults(text + "\n  c: {image: x, cpus: many}").map { $0.prefix(2) } == ["4:"])
  }

  @Test("has the errors of every service, key and item, in the order of the file")
  func all() throws {
    let text = """
      services:
        web:
          imag: x
          ports: ["80:80", "x:y", "a:b"]
          environment: {A: [1], B: {c: 1}}
          depends_on: [nobody]
          mem_limit: lots
          healthcheck: {test: [NONE], intervall: 5}
        db:
          image: ${A:?must}
          restart: 5
          networks: [none]
          volumes: [data:/data, "${X"]
          cpus: many
        ok: {image: a, links: [gone], secrets: [s]}
        self: {image: a, depends_on: [self]}
        bare: {tty: true}
      foo: 1
      volumes:
        v: {external: true, driver: x}
      secrets:
        s1:
        s2: {}
      """
    let locations = try faults(text).map { $0.split(separator: " ")[0] }
    #expect(
      locations == [
        "3:5:", "4:22:", "4:29:", "5:22:", "5:30:", "6:18:", "7:16:", "8:33:", "10:12:", "11:14:",
        "12:16:", "13:15:", "13:28:", "14:11:", "15:26:", "15:43:", "16:33:", "17:3:", "18:1:",
        "20:23:", "22:3:", "23:3:",
      ])
  }

  @Test("has no error that follows from another")
  func consequences() throws {
    // A misspelled key leaves a service without an image, and a list declares nothing.
    #expect(
      try faults("services:\n  a: {imag: x}") == [
        "2:7: a service has no key `imag`; did you mean `image`?"
      ])
    #expect(
      try faults("services:\n  a: {image: x, networks: [n]}\nnetworks: [n]") == [
        "3:11: `networks` must be a mapping, not a list"
      ])
    #expect(
      try faults("services:\n  a: {image: x, mem_limit: '${A:?}'}") == [
        "2:29: the variable `A` must be set"
      ])
  }

  @Test("has one error for a file that isn't YAML or doesn't exist")
  func single() throws {
    #expect(try faults("a: [").count == 1)
    let faults = ComposeLoader.faults(LoadOptions(files: ["/nowhere/compose.yaml"])).faults
    #expect(
      faults.map(\.description) == [
        "/nowhere/compose.yaml: the file can't be read: No such file or directory"
      ])
  }

  @Test("has the key path of each position")
  func keys() throws {
    let directory = try Directory([
      "compose.yaml": "services:\n  web:\n    ports: [80, x]\n    image: '$A'"
    ])
    let keys = FileKeys(ofFile: directory.file("compose.yaml"))
    func path(_ line: Int, _ column: Int) -> String? {
      keys.keys(to: SourcePosition(file: "", line: line, column: column))
    }
    #expect(path(2, 3) == "services.web")
    #expect(path(3, 5) == "services.web.ports")
    #expect(path(3, 17) == "services.web.ports[1]")
    #expect(path(4, 13) == "services.web.image")
    #expect(
      FileKeys(ofFile: directory.file("none")).keys(to: .init(file: "", line: 1, column: 1)) == nil)
  }

  @Test("has at most a thousand errors, and a line about the rest")
  func most() throws {
    let faults = try faults(
      "services:\n" + (0..<9_000).map { "  s\($0): {image: a, imagf: 1}\n" }.joined())
    #expect(faults.count == 1001)
    let most = try self.faults(
      "services:\n" + (0..<1_000).map { "  s\($0): {image: a, imagf: 1}\n" }.joined())
    #expect(most.count == 1000 && most.allSatisfy { $0.contains("imagf") })
    #expect(faults.first == "more than 1000 faults; the rest isn't checked")
    #expect(faults.last?.contains("a service has no key `imagf`; did you mean `image`?") == true)
  }
}
