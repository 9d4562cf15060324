import Compose
import Foundation
import HTTPClient
import MesosExecutor
import Program
import TestSupport
import Testing
import YAML
import Settings

@testable import Executor

@Suite("Mutated input of an executor causes no trap", .timeLimit(.minutes(60)))
struct FuzzTests {
  @Test("a settings file is parsed or refused, and so is each value")
  func settings() async throws {
    let sample = try SourceTree.text("deploy/compose-executor.yaml")
    let text = """
      launch-timeout: 5m
      grace: 2.5s
      ports: 31000-31005,31007
      log-level: debug
      logging:
        driver: fluentd
        options: {fluentd-address: "127.0.0.1:24224"}
      allow:
        host-namespaces: true
        capabilities: [NET_ADMIN]
        bind-mounts: [/data]
      """
    let report = await Fuzz.drive(
      "settings of an executor", texts: [text, sample],
      words: Settings.names.sorted() + ["weeks", "1e9", "1-65535", "allow:"],
      isOwn: { $0 is DiagnosticError || $0 is ConfigurationError }
    ) { text in
      let file = try OperatorConfiguration(text: text, file: "f.yaml")
      let settings = Settings(environment: [:], file: file)
      _ = (try settings.timeouts(), try settings.logLevel(), TaskOptions.ports(text))
      return true
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("a task's bounds and ports are parsed or refused")
  func tasks() async {
    let fields = """
      "resources":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.1}},{"name":"mem","scalar":\
      {"value":128.0}},{"name":"gpus","scalar":{"value":1}},{"name":"ports","type":"RANGES",\
      "ranges":{"range":[{"begin":31000,"end":31005}]}}],"limits":{"mem":{"value":128.0}},\
      "discovery":{"visibility":"CLUSTER","ports":{"ports":[{"number":31002}]}}
      """
    let report = await Fuzz.drive(
      "bounds and ports of tasks", texts: [fields], words: ["1e13", "{\"value\":1e300}"],
      isOwn: { $0 is DecodingError || $0 is ConfigurationError }
    ) { text in
      let task = try task(text)
      let ports = OfferedPorts.offered(to: task, environment: ["PORTS": "31000,31001"]) ?? []
      _ = try TaskBounds(task: task).limits(environment: [:])
      return ports.allSatisfy { 1...65_535 ~= $0 }
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("a probe passes or fails, whatever the response")
  func probes() async throws {
    let corpus = [
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nHTTP/1.1 -5 : x\r\n\r\nok",
      "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 302 X\r\nLocation: /00\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nA: b\r\n\r\n",
    ].map { Array($0.utf8) }
    // Sends the bytes that the request's path encodes in hexadecimal, and closes the connection.
    let server = FakeHTTPServer { request, connection in
      let digits = Array(request.target.utf8.dropFirst())
      connection.write(
        stride(from: 0, to: digits.count - 1, by: 2).map {
          UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16) ?? 0
        })
      return false
    }
    try server.listen(on: .loopback())
    defer { server.stop() }
    let probe = HealthProbe(http: HTTPClient(), sandbox: "/tmp", environment: [:])
    let report = await Fuzz.drive(
      "responses to probes", corpus, words: ["HTTP/1.1 ", "chunked", "Location: "]
    ) { bytes, _ in
      let path =
        "/" + bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      let target = HTTPTarget(port: UInt32(server.port), path: path, isIPv6: false)
      let result = await probe.probe(.http(target, statuses: []), timeout: .seconds(20))
      _ = Probe.http(target, statuses: []).status(of: result)
      return result.isPassed
    }
    #expect(report.isSound, "\(report)")
  }
}
