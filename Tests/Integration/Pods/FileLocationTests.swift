import Foundation
import TestSupport
import Testing

/// A target of a copied config that is refused, and the reason.
struct RefusedLocation: Sendable, CustomTestStringConvertible {
  let title: String
  /// Lines of the service, at its own indentation.
  let service: String
  let target: String
  var words = ""
  /// More services.
  var others = ""

  var testDescription: String { title }

  var file: String {
    """
    services:
      web:
        image: pod-test/busybox
        command: ["true"]
        configs:
          - {source: text, target: \(target)}
    \(service.isEmpty ? "    init: false" : service)
    \(others)
    configs:
      text: {content: "of the config"}
    volumes:
      own: {}
      kept: {external: true, name: VOLUME}
    """
  }

  private static func mounted(_ mount: String, _ target: String) -> RefusedLocation {
    RefusedLocation(
      title: "\(target) with \(mount)", service: "    volumes: [\(mount)]", target: target,
      words: "mounted at")
  }

  static let all =
    ["./d:/c2", "kept:/c2", "own:/c2", "/c2", "{type: tmpfs, target: /c2}", "./d:/c2/below"]
    .map { mounted($0, "/c2") }
    + ["./d:/c2", "kept:/c2", "own:/c2", "./d:/c2/", "{type: bind, source: ./d, target: /c2/x/..}"]
    .map { mounted($0, "/c2/sub") }
    + [
      mounted("./d:/c2", "/c3/../c2/./a"), mounted("./d:/c2", "/c2/new/sub"),
      mounted("./d/a:/c2", "/c2"), mounted("./d:/proc/mounts", "/etc/mtab/x"),
      RefusedLocation(
        title: "below tmpfs", service: "    tmpfs: [/run]", target: "/run/secrets/text",
        words: "mounted at /run"),
      RefusedLocation(
        title: "below another's mount", service: "    volumes_from: [other]", target: "/c2/sub",
        words: "mounted at /c2",
        others: "  other: {image: pod-test/busybox, volumes: ['./d:/c2'], command: ['true']}"),
      RefusedLocation(
        title: "a directory of the image", service: "", target: "/etc",
        words: "the target is an existing directory"),
      RefusedLocation(
        title: "below a file", service: "", target: "/etc/passwd/x", words: "is a file"),
      RefusedLocation(
        title: "below a link to nowhere", service: "", target: "/etc/mtab/x",
        words: "dangling link"),
    ]
}

@Suite("Copied secrets and configs", .needsEngine, .throttled)
struct FileLocationTests {
  @Test(
    "never replace a directory and are never written into a mount", arguments: RefusedLocation.all)
  func refused(location: RefusedLocation) async throws {
    let engine = try #require(TestEngine.all.first)
    let volume = "kept-\(UUID().uuidString.lowercased())"
    try await engine.docker("volume", "create", volume).output()
    let script = "echo kept > /v/a; mkdir /v/sys; echo kept > /v/sys/a"
    try await engine.docker(
      "run", "--rm", "-v", "\(volume):/v", "pod-test/busybox", "sh", "-c", script
    )
    .output()
    let file = location.file.replacingOccurrences(of: "VOLUME", with: volume)
    let before = ["a": "of the host", "sub": "too", "deep/file": "untouched"]
    let files = Dictionary(uniqueKeysWithValues: before.map { ("d/" + $0.key, $0.value) })
    try await withPod(on: engine, file, PodSettings(files: files)) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.message.hasPrefix("compose.yaml:6:9: the config `text`"), "\(end)")
      #expect(end.message.contains(location.words), "\(end)")
      let directory = pod.sandbox.path + "/d"
      let paths = try FileManager.default.subpathsOfDirectory(atPath: directory).sorted()
      #expect(paths == ["a", "deep", "deep/file", "sub"])
      for (name, text) in before {
        #expect(try String(contentsOfFile: directory + "/" + name, encoding: .utf8) == text)
      }
    }
    let list = try await engine.docker(
      "run", "--rm", "-v", "\(volume):/v", "pod-test/busybox", "sh", "-c",
      "cd /v && find . | sort && cat a sys/a"
    ).output()
    #expect(list == ".\n./a\n./sys\n./sys/a\nkept\nkept", "\(list)")
    try await engine.docker("volume", "rm", volume).output()
  }

  @Test(
    "are never written into a mount through links of the image",
    arguments: [("/c2", "/link/sub"), ("/link", "/c2/sub"), ("/c2/below", "/link/below")])
  func links(mount: String, target: String) async throws {
    let engine = try #require(TestEngine.all.first)
    let file = """
      services:
        web:
          build: {context: ., dockerfile_inline: "FROM pod-test/busybox\\nRUN ln -s /c2 /link"}
          command: ["true"]
          volumes: ["./d:\(mount)"]
          configs: [{source: text, target: \(target)}]
      configs:
        text: {content: "of the config"}
      """
    try await withPod(on: engine, file, PodSettings(files: ["d/sub": "of the host"])) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.message.hasPrefix("compose.yaml:6:15: the config `text`"), "\(end)")
      #expect(end.message.contains("mounted at"), "\(end)")
      let directory = pod.sandbox.path + "/d"
      #expect(try FileManager.default.subpathsOfDirectory(atPath: directory) == ["sub"])
      #expect(try String(contentsOfFile: directory + "/sub", encoding: .utf8) == "of the host")
    }
  }

  @Test("are written next to mounts and through links of the image", arguments: TestEngine.all)
  func beside(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [cat, /c2x/sub, /bin/deep/er, /c3]
          volumes: ["./d:/c2"]
          configs:
            - {source: text, target: /c2x/sub}
            - {source: text, target: /bin/deep/er}
            - {source: text, target: /c3}
      configs:
        text: {content: "text\\n"}
      """
    let end = try await podEnd(on: engine, file, PodSettings(files: ["d/a": "a"]))
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.output(of: "web") == ["text", "text", "text"], "\(end)")
  }

  @Test(
    "whose target names a directory are refused with their line",
    arguments: ["/", "/c1/", "/c1/.", "/c1/..", "a/"])
  func directory(target: String) async throws {
    let engine = try #require(TestEngine.all.first)
    for source in ["content: text", "environment: WORD"] {
      let file = """
        services:
          web:
            image: pod-test/busybox
            configs: [{source: c, target: "\(target)"}]
        configs:
          c: {\(source)}
        """
      let end = try await podEnd(on: engine, file, PodSettings(environment: ["WORD": "word"]))
      #expect(end.status == .exited(1), "\(end)")
      #expect(end.message.hasPrefix("compose.yaml:4:35: "), "\(end)")
      #expect(end.message.contains("is a directory"), "\(end)")
    }
  }

  @Test("without text are empty files", arguments: TestEngine.all)
  func empty(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: [stat, -c, "%s %a %n", /text, /named, /run/secrets/word]
          configs: [text, {source: text, target: /named, mode: 0640}]
          secrets: [word]
      configs:
        text: {content: ''}
      secrets:
        word: {environment: WORD}
      """
    let end = try await podEnd(on: engine, file, PodSettings(environment: ["WORD": ""]))
    #expect(end.status == .exited(0), "\(end)")
    #expect(
      end.output(of: "web") == ["0 444 /text", "0 640 /named", "0 444 /run/secrets/word"], "\(end)")
  }
}
