import DockerEngine
import Foundation
import PodReports
import Testing

@Suite("The part of a container's inspection in a report")
struct SafeInspectionTests {
  private func value(_ json: String) throws -> EngineValue {
    try JSONDecoder().decode(EngineValue.self, from: Data(json.utf8))
  }

  /// An inspection with a secret at each point where a file, an image or an operator can put one.
  private static let full = """
    {"Id": "abc", "Name": "/web", "Created": "2026-01-01T00:00:00Z", "Path": "sh SECRET",
     "Args": ["SECRET"], "Image": "sha256:1", "RestartCount": 2, "LogPath": "/SECRET",
     "ExecIDs": ["SECRET"], "GraphDriver": {"Data": {"LowerDir": "/SECRET"}},
     "State": {"Status": "exited", "Running": false, "OOMKilled": true, "ExitCode": 3,
       "Error": "exec: SECRET", "StartedAt": "2026-01-01T00:00:01Z", "FinishedAt": "0001-01-01T00:00:00Z",
       "Health": {"Status": "unhealthy", "Log": [{"Start": "a", "ExitCode": 1, "Output": "down"}]}},
     "Config": {"Env": ["PASSWORD=SECRET", "EMPTY=", "BARE"], "Cmd": ["SECRET"], "Entrypoint": ["SECRET"],
       "Labels": {"token": "SECRET"}, "User": "1000", "Healthcheck": {"Test": ["CMD", "SECRET"]},
       "ExposedPorts": {"80/tcp": {}}, "Image": "web:1", "Volumes": {"/SECRET": {}},
       "OnBuild": ["SECRET"], "Shell": ["SECRET"]},
     "HostConfig": {"Memory": 1024, "Binds": ["/SECRET:/x"], "LogConfig": {"Type": "splunk", "Config": {"token": "SECRET"}},
       "SecurityOpt": ["seccomp=SECRET"], "StorageOpt": {"x": "SECRET"}, "Sysctls": {"x": "SECRET"},
       "Annotations": {"x": "SECRET"}, "DeviceRequests": [{"Options": {"x": "SECRET"}}],
       "Mounts": [{"VolumeOptions": {"DriverConfig": {"Options": {"o": "password=SECRET"}}}}],
       "Links": ["SECRET"], "ContainerIDFile": "SECRET"},
     "Mounts": [{"Type": "bind", "Source": "/data", "Destination": "/x", "RW": true, "Driver": "SECRET"}],
     "NetworkSettings": {"SandboxKey": "SECRET", "Ports": {"80/tcp": null},
       "Networks": {"n": {"IPAddress": "10.0.0.2", "DriverOpts": {"x": "SECRET"}, "IPAMConfig": {"x": "SECRET"}}}},
     "FutureKey": "SECRET"}
    """

  @Test("contains nothing that can hold a secret")
  func secrets() throws {
    let selected = SafeInspection.selected(try value(Self.full))
    #expect(!"\(selected)".contains("SECRET"), "\(selected)")
    #expect(
      selected["Config"]?["Env"] == .list([.text("PASSWORD"), .text("EMPTY"), .text("BARE")]))
    #expect(selected["Config"]?["Labels"] == .list([.text("token")]))
    #expect(selected["HostConfig"]?["LogConfig"] == .object([.init("Type", .text("splunk"))]))
    #expect(selected["HostConfig"]?["Memory"] == .integer(1024))
    #expect(selected["State"]?["ExitCode"] == .integer(3))
    #expect(selected["NetworkSettings"]?["Networks"]?["n"]?["IPAddress"] == .text("10.0.0.2"))
  }

  @Test(
    "is safe for any JSON",
    arguments: [
      "null", "[]", "{}", "3", "\"x\"", "{\"State\": [1, null], \"Config\": 7, \"Mounts\": {}}",
      "{\"Config\": {\"Env\": [1, null, \"A=B\"], \"Labels\": []}, \"NetworkSettings\": {\"Networks\": null}}",
      "{\"HostConfig\": {\"Memory\": 1e400}}",
    ])
  func odd(json: String) {
    guard let value = try? value(json) else { return }
    #expect(!"\(SafeInspection.selected(value))".isEmpty)
  }

  private func report() -> SandboxReport {
    SandboxReport(
      writer: .executor, program: "1", time: "2026-01-01T00:00:00.000Z", task: "t\u{1b}[31m\n",
      executor: "e", framework: "", agent: "", run: "r", project: "p",
      outcome: .init(state: "failed", cause: "failure", message: "service 'web' exited with 3"))
  }

  @Test("a document has at most a mebibyte, and its text lines of at most 80 characters")
  func sizes() throws {
    var report = report()
    report.outcome.message = String(repeating: "long words and averylongone", count: 200)
    report.phases = [
      .init("run", started: "2026-01-01T00:00:00.000Z", ended: "2026-01-01T00:00:12.340Z"),
      .init("stop", started: "2026-01-01T00:00:12.340Z", ended: nil),
    ]
    let inspection = try value(Self.full)
    for number in 0..<400 {
      var container = SandboxReport.Container(
        name: "web-\(number)" + String(repeating: "x", count: 100), kind: "service", role: "main",
        id: "abc", state: "exited")
      container.inspection = inspection
      container.lastOutput = Array(repeating: String(repeating: "\u{1b}é", count: 2000), count: 20)
      report.containers.append(container)
    }
    let json = report.json()
    #expect(json.count <= 1 << 20)
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    #expect(object["truncated"] as? Bool == true)
    #expect(object["task"] as? String == "t\u{1b}[31m\n")
    report.files = Array(repeating: String(repeating: "f", count: 4096), count: 500)
    let least = report.json()
    #expect(least.count <= 1 << 20)
    let end = try #require(try JSONSerialization.jsonObject(with: Data(least)) as? [String: Any])
    #expect((end["outcome"] as? [String: Any])?["state"] as? String == "failed")
    let text = String(decoding: report.text(), as: UTF8.self)
    #expect(text.utf8.count <= 65_536)
    for line in text.split(separator: "\n") {
      #expect(line.unicodeScalars.count <= 80, "\(line)")
      #expect(!line.unicodeScalars.contains("\u{1b}"))
    }
    #expect(text.contains("run 12.3 s, stop not over"), "\(text.prefix(2000))")
  }
}
