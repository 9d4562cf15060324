import Foundation
import OrderedCollections
import TestSupport
import Testing

@testable import Compose
@testable import YAML

/// Short texts in many rounds. `MutationTests` mutates complete files of the corpus.
@Suite("Mutated texts of Compose cause no trap", .timeLimit(.minutes(60)))
struct FuzzTests {
  private static let project = """
    name: p
    services:
      web:
        image: "a:${TAG:-1}"
        scale: 2
        ports: ["80-81:80-81/udp", {target: 1, published: "5-6"}]
        mem_limit: 10m
        cpus: 0.5
        stop_grace_period: 1m30s
        ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}
        healthcheck: {test: [CMD, x], interval: 10s, retries: 3, start_period: 1h}
        deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 10M, pids: 3}}}
        blkio_config: {weight: 10, device_read_bps: [{path: /dev/a, rate: 1m}]}
        environment: &e {A: 1, B: !!str 2}
        configs: [{source: c, mode: 0440, uid: "1"}]
      other:
        image: a
        environment: *e
        x-time: 2001-12-14t21:59:43.10-05:00
    configs:
      c: {content: "${A}"}
    """

  @Test("a small project is loaded or refused with one line")
  func projects() async throws {
    let directory = try Directory()
    let path = directory.file("compose.yaml")
    let report = await Fuzz.drive(
      "small projects", texts: [Self.project],
      words: [
        "9223372036854775807", "-9223372036854775808", "1e18", "0x7fffffffffffffff", "65535",
      ],
      isOwn: { ($0 as? DiagnosticError).map { !$0.message.isEmpty } ?? false }
    ) { text in
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let project = try ComposeLoader.load(
        LoadOptions(files: [path], projectName: "p", environment: ["A": "b"], confine: true))
      return try project.json().utf8.count + project.yaml().utf8.count > 0
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("a YAML text is parsed, or refused with its position")
  func documents() async {
    let texts = [
      Self.project, "- &a [1, 0x1F, 0o17, 1_000, .5, 1e3, ~, yes]\n- *a\n- !!binary aGk=\n",
      "a: |\n  b\n c: >-\n  d\n\"\\u00e9\\/\": '''x'''\n? [k]\n: {v: !!float 1}\n",
      "%YAML 1.1\n---\na: b\n",
      "a: \u{7F}\u{85}\u{9F}\u{10FF7F}\n",
    ]
    let report = await Fuzz.drive(
      "YAML texts", texts: texts, words: ["<<: *a", "&a ", "*a", "!!int ", "? ", "---\n", "|\n"],
      isOwn: { $0 is DiagnosticError }
    ) { text in
      _ = try YAMLNode.document(text, file: "f.yaml")
      return true
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("files of variables, and expressions, are parsed or refused")
  func variables() async {
    let texts = [
      "A=1\nexport B='x'\n# c\nC=\"a\\n\\$${A}\\0101\" # d\nD\nE=${A:-${B:-c}}\n",
      "${A:-${B-c}} $$ $A ${A:?no} ${A:+${A}} ${B+x}",
    ]
    let report = await Fuzz.drive(
      "variables", texts.map { Array($0.utf8) }, words: ["${", "}", "$", ":-", "\\0", "export "],
      isOwn: { $0 is EnvFile.Fault || $0 is Interpolation.Fault }
    ) { bytes, _ in
      var size = 0
      _ = try? RawEnvFile.read(bytes, after: [:], size: &size) { _ in "x" }
      var interpolation = Interpolation { $0 == "A" ? "value" : nil }
      _ = try? interpolation.replace(String(decoding: bytes, as: UTF8.self))
      _ = try EnvFile.read(bytes, size: &size) { $0 == "A" ? "value" : nil }
      return true
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("sizes, durations, times and numbers are parsed or refused")
  func scalars() async {
    let texts = [
      "1.5 GiB", "1m30s", "-1h2.5ms", "106751.99d", "2001-12-14t21:59:43.10-05:00", "2002-1-1",
      "0x1F", "-0b1", "1_000.5e+3", "80-81:80/udp", "[::1]:1-2:3-4",
    ]
    let report = await Fuzz.drive(
      "scalars", texts: texts, words: ["w", "ns", "GiB", "e", ".", "1e30", "_", "T", "+"]
    ) { text in
      let size = ByteSize(text)?.bytes
      let time = ComposeDuration.duration(text)
      if let time { _ = ComposeDuration.text(time) }
      let date = Timestamp.canonical(text)
      if let date { _ = Timestamp.spelledOut(date) }
      for number in [Double(text), size.map { Double($0) }].compactMap({ $0 }) {
        _ = (NumberText.general(number), NumberText.general(Float(number)))
      }
      _ = NaturalOrder.precedes(text, "a10")
      return size != nil || time != nil || date != nil
    }
    #expect(report.isSound, "\(report)")
  }
}
