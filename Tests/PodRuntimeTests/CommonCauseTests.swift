import Compose
import DockerEngine
import Foundation
import Testing
import YAML

@testable import PodRuntime

@Suite("The message of a failed pod")
struct CommonCauseTests {
  /// The step of a pod's lifecycle in which a text occurs.
  enum Location: CaseIterable {
    case pull, build, create, start, network, exit, health, postStart, preStart, preStartRefused

    /// The failure of the pod in this step.
    func failure(_ text: String) throws -> Failure {
      let position = SourcePosition(file: "compose.yaml", line: 3, column: 5)
      func at(_ words: String) -> Failure { Failure("\(DiagnosticError(words, at: position))") }
      switch self {
      case .pull: return at("image 'registry/a' can't be pulled: \(text)")
      case .build: return at("service 'a' can't be built: \(text)")
      case .create: return at("service 'a' can't be created: \(text)")
      case .start: return at("service 'a' can't be started: \(text)")
      case .network: return at("network 'a' can't be created: \(text)")
      case .exit: return Failure("service 'a' exited with 1", exitCode: 1, output: [text])
      case .health:
        let quoted = String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
        let check = #"{"ExitCode": 1, "Output": \#(quoted)}"#
        let result = try JSONDecoder().decode(HealthResult.self, from: Data(check.utf8))
        return Pod.unhealthy("a", result, output: [])
      case .postStart, .preStart:
        do throws(Failure) {
          try Pod.check(5, [text], "the \(self) of service 'a'", at: position)
        } catch {
          return error
        }
        throw CancellationError()
      case .preStartRefused:
        return at("the pre_start of service 'a' can't be run: \(text)")
      }
    }
  }

  private static let everywhere = Set(Location.allCases)
  private static let images: Set<Location> = [.pull, .build]
  /// The steps in which the text is the engine's, not that of a process that exited.
  private static let engine = everywhere.subtracting([.exit, .postStart, .preStart])

  /// Texts of engines and registries, their cause, and the steps in which they have it.
  static let told: [(text: String, cause: CommonCause, locations: Set<Location>)] = [
    (
      "pull access denied for registry/a, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      .credentials, images
    ),
    ("Get \"https://r/v2/a/manifests/1\": no basic auth credentials", .credentials, images),
    ("denied", .credentials, images),
    ("error from registry: denied", .credentials, images),
    ("denied: access forbidden", .credentials, images),
    ("unauthorized: authentication required", .credentials, images),
    ("Get https://r/v2/: unauthorized: incorrect username or password", .credentials, images),
    ("toomanyrequests: You have reached your pull rate limit.", .rateLimit, images),
    (
      "manifest for registry/a:2 not found: manifest unknown: manifest unknown", .imageMissing,
      images
    ),
    ("failed to resolve reference \"r/a:2\": r/a:2: not found", .imageMissing, images),
    (
      "no matching manifest for linux/arm64/v8 in the manifest list entries", .platform, engine
    ),
    (
      "image with reference a was found but does not match the specified platform: wanted linux/s390x, actual: linux/amd64",
      .platform, engine
    ),
    (
      "Get \"https://nowhere/v2/\": dial tcp: lookup nowhere on 10.0.0.2:53: no such host",
      .registryName, images
    ),
    (
      "Get \"https://r/v2/\": dial tcp 127.0.0.1:1: connect: connection refused", .registryAway,
      images
    ),
    (
      "Get \"https://r/v2/\": net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
      .registryAway, images
    ),
    (
      "Get \"https://r/v2/\": x509: certificate signed by unknown authority", .registryCertificate,
      images
    ),
    (
      "Get \"https://r/v2/\": http: server gave HTTP response to HTTPS client", .registryWithoutTLS,
      images
    ),
    ("write /var/lib/docker/tmp/x: no space left on device", .space, everywhere),
    ("mkdir /data/x: disk quota exceeded", .space, everywhere),
    (
      "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
      .addressPools, engine
    ),
    (
      "all predefined address pools have been fully subnetted", .addressPools, engine
    ),
    (
      "driver failed programming external connectivity on endpoint a (1): Bind for 0.0.0.0:80 failed: port is already allocated",
      .hostPort, engine
    ),
    (
      "Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use",
      .hostPort, engine
    ),
    ("listen tcp :80: bind: address already in use", .servicePort, [.exit, .postStart, .preStart]),
    ("exec /a: exec format error", .architecture, everywhere),
    (
      "standard_init_linux.go:228: exec user process caused: exec format error", .architecture,
      everywhere
    ),
    (
      #"OCI runtime create failed: exec: "/nope": stat /nope: no such file or directory: unknown"#,
      .interpreter, engine
    ),
    (
      #"starting container process caused "exec: \"/nope\": stat /nope: no such file or directory": unknown"#,
      .interpreter, engine
    ),
    (#"exec: "nope": executable file not found in $PATH: unknown"#, .notInPath, engine),
    (#"exec: "/etc/passwd": permission denied: unknown"#, .notExecutable, engine),
    (
      #"error mounting "/a" to rootfs at "/b": mount /a:/b: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)?"#,
      .kindOfMount, engine
    ),
  ]

  @Test("has only the hint of its cause, in each step that can have it", arguments: told.indices)
  func matrix(index: Int) throws {
    let (text, cause, locations) = Self.told[index]
    for location in Location.allCases {
      let failure = try location.failure(text)
      // The same text from a program refers to the program's own port.
      let isOwn = cause == .hostPort && text.contains("address already in use")
      let other = isOwn ? CommonCause.servicePort.hint : nil
      let expected = locations.contains(location) ? cause.hint : other
      #expect(failure.hint == expected, "\(location): \(failure)")
      #expect(failure.text().contains(text.prefix(40)), "\(location): \(failure)")
      if let expected { #expect(failure.text().hasSuffix("; hint: \(expected)")) }
    }
  }

  @Test("has a hint for each common cause")
  func complete() {
    let codes: [(Int, CommonCause)] = [(126, .notExecutable), (127, .commandMissing)]
    for (code, cause) in codes {
      #expect(Failure("service 'a' exited with \(code)", exitCode: code).hint == cause.hint)
    }
    #expect(Failure("service 'a' was killed for memory").hint == CommonCause.memory.hint)
    let known = Set(Self.told.map(\.cause)).union(codes.map(\.1)).union([.memory])
    #expect(known == Set(CommonCause.allCases))
  }

  @Test("has no hint without a common cause", arguments: [1, 3, 137, 143, 255])
  func none(code: Int) {
    #expect(
      Failure("service 'a' exited with \(code)", exitCode: code, output: ["not found"]).hint == nil)
    #expect(
      Failure("service 'a' exited with 0", exitCode: 0, output: ["exec format error"]).hint == nil)
    #expect(Failure("compose.yaml:1:1: image 'a' is refused: unauthorized").hint == nil)
  }

  @Test("begins with the cause, then the output and the hint")
  func order() {
    let failure = Failure(
      "service 'a' exited with 1", exitCode: 1, output: ["one", "two", "no space left on device"])
    #expect(
      failure.text() == "service 'a' exited with 1: one / two / no space left on device; hint: "
        + CommonCause.space.hint)
    #expect(Failure("service 'a' exited with 3").text() == "service 'a' exited with 3")
  }

  @Test(
    "is cut to the length of a status message: output first, then the cause; never the hint")
  func length() {
    let line = String(repeating: "\u{1f469}\u{200d}\u{1f680}é", count: 50)
    let output = [line, line, "no space left on device"]
    let failure = Failure("service 'a' exited with 1", exitCode: 1, output: output)
    let hint = "; hint: " + CommonCause.space.hint
    for limit in 1...600 {
      let text = failure.text(limit: limit)
      #expect(text.unicodeScalars.count <= max(limit, hint.unicodeScalars.count + 1), "\(limit)")
      #expect(text.hasSuffix(hint) && !text.contains("\u{fffd}"))
      if limit > hint.count + 25 { #expect(text.hasPrefix("service 'a' exited with 1")) }
    }
    // The newest line is cut last.
    #expect(failure.text(limit: hint.count + 80).contains("no space left on device;"))
    let long = Failure(String(repeating: "x", count: 5000) + " no space left on device")
    #expect(long.text().unicodeScalars.count == Failure.limit && long.text().hasSuffix(hint))
  }

  @Test("has the check's output and exit code of an unhealthy service, then its own output")
  func unhealthy() throws {
    func result(_ json: String) throws -> HealthResult {
      try JSONDecoder().decode(HealthResult.self, from: Data(json.utf8))
    }
    let sick = try result(#"{"ExitCode": 7, "Output": "a\nb\n\u001b[31mc\n\nd\n"}"#)
    #expect(
      Pod.unhealthy("web", sick, output: ["x", "y"]).text()
        == "service 'web' is unhealthy: b / c / d (the check exited with 7); last output: x / y")
    let late = try result(#"{"ExitCode": -1, "Output": "Health check exceeded timeout (1s)"}"#)
    #expect(
      Pod.unhealthy("web", late, output: []).text()
        == "service 'web' is unhealthy: Health check exceeded timeout (1s)")
    #expect(Pod.unhealthy("web", nil, output: []).text() == "service 'web' is unhealthy")
  }

  @Test("has three last lines, shortened, without control characters and colors")
  func tail() {
    var tail = OutputTail()
    tail.append(Array("zero\none\n\u{1b}[1;31mtwo\u{1b}[0m\r\n \n\tthree\u{9b}\u{07}\n".utf8))
    #expect(tail.lines == ["one", "two", " three"])
    tail.append(Array(String(repeating: "ä", count: 100_000).utf8))
    #expect(tail.lines.last?.unicodeScalars.count == 200)
    for _ in 0..<1000 { tail.append(Array("a line\n".utf8)) }
    #expect(tail.lines == ["a line", "a line", "a line"])
  }
}
