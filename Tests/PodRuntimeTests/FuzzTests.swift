import DockerEngine
import Foundation
import Logging
import TestSupport
import Testing

@testable import PodRuntime

@Suite("Mutated input of pods causes no trap", .timeLimit(.minutes(60)))
struct FuzzTests {
  @Test("credentials and proxies of a docker configuration")
  func configuration() async throws {
    let auth = Data("me:se:cret".utf8).base64EncodedString()
    let texts = [
      #"{"auths":{"https://index.docker.io/v1/":{"auth":"\#(auth)"},"example.org":{"#
        + #""username":"u","password":"p","identitytoken":"t"}},"HttpHeaders":{"a":"b"}}"#,
      #"{"proxies":{"default":{"httpProxy":"http://p:3128","noProxy":"a,b"}},"auths":{}}"#,
    ]
    try await withTemporaryDirectory { directory in
      try directory.write(".docker/config.json", "{}")
      let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      let store = CredentialStore(
        projectDirectory: directory.path, environment: ["PATH": "/nowhere"], log: log)
      let report = await Fuzz.drive("docker configurations", texts: texts, words: ["auths", "=="]) {
        text in
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path(".docker/config.json")))
        let hub = await store.credentials(for: "redis")
        let proxies = store.configuration.proxies(of: .unix(path: "/s")) { _ in }
        return await store.credentials(for: "example.org/x") != nil || hub != nil || proxies != [:]
      }
      #expect(report.isSound, "\(report)")
    }
  }

  @Test("the time of an image")
  func imageAge() async {
    let texts = [
      "2024-01-02T03:04:05.123456789+01:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    ]
    let report = await Fuzz.drive(
      "times of images", texts: texts, words: ["T", "Z", "+", "W", "."]
    ) { text in
      ResolvedImage(reference: "a", id: "b", hasHealthcheck: false, lastTagTime: text)
        .isOlder(than: .nanoseconds(9_223_372_036_854_775_807)) || !text.isEmpty
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("output is cut into lines, however it is mutated")
  func lines() async {
    let corpus = [Array("one\r\ntwo\n\nthree \u{1b}[1m\n".utf8), [10, 13, 10, 0xFF, 10]]
    let report = await Fuzz.drive("lines of output", corpus, words: ["\r", "\n\n"]) {
      bytes, random in
      var lines = LineAssembler(prefix: "a | ")
      var skipper = LineSkipper(lines: UInt64.random(in: 0...3, using: &random))
      var output: [UInt8] = []
      for start in stride(from: 0, to: bytes.count, by: 5) {
        lines.feed(skipper.rest(of: Array(bytes[start...].prefix(5))), into: &output)
      }
      lines.finish(into: &output)
      return output.isEmpty || output.last == 10
    }
    #expect(report.isSound && report.accepted == report.rounds, "\(report)")
  }

  @Test("lists of devices, names of devices and an engine's refusals")
  func words() async {
    let texts = [
      "c 195:0 rw\nc 195:255 rw\nc 1:3 rwm\n", "nvidia.com/gpu=all",
      "Error response from daemon: driver failed programming external connectivity on endpoint web "
        + "(ab12): Bind for 0.0.0.0:80 failed: port is already allocated",
      #"invalid mount config for type "bind": bind source path does not exist: /x"#,
    ]
    let report = await Fuzz.drive(
      "words of an engine", texts: texts, words: ["195:", "a", "(", ")"]
    ) { text in
      _ = TaskGPUs.opened(in: text, of: [])
      _ = EngineFault.find(text, in: EngineFault.ofContainers) { _, _ in nil }
      return !text.isEmpty
    }
    #expect(report.isSound, "\(report)")
  }
}

@Suite("Numbers of an engine and of its containers")
struct OutsideNumberTests {
  @Test("a log's capacity has at most 64 bits, whatever its size and its number of files")
  func logCapacity() {
    func capacity(_ size: String, _ files: String?) -> UInt64? {
      var options = ["max-size": size]
      options["max-file"] = files
      return LogCapacity.bytes(of: LogConfig(type: "json-file", config: options))
    }
    #expect(capacity("100", "2") == 180)
    #expect(capacity("9223372036854775807", "1000") == UInt64.max / 10 * 9)
    #expect(capacity("18446744073709551615g", nil) == nil)
    #expect(capacity("1g", "18446744073709551615") == UInt64.max / 10 * 9)
  }

  @Test("layers of an image can have any size that a registry reports")
  func layers() {
    #expect(PullStatus.sum([.max, .max, -1]) == .max)
    #expect(PullStatus.sum([3_000_000, 2_500_000]) == 5_500_000)
  }

  @Test("an exit code of any size has a description", arguments: [Int.min, -1, 0, 137, .max])
  func exitCode(_ code: Int) {
    #expect(Pod.text(exitCode: code).contains("\(code)"))
  }
}
