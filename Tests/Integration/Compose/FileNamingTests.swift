import AgentStandIn
import Foundation
import TestSupport
import Testing

/// A project whose name differs from its directory, and whose file uses the name.
private let named = """
  name: own
  services:
    web:
      image: pod-test/busybox
      command: [sh, -c, "cat /named; echo $$PLAIN $$FROM_FILE $$FROM_DOTENV; hostname -i"]
      environment: {PLAIN: "${COMPOSE_PROJECT_NAME}", COMPOSE_PROJECT_NAME: }
      env_file: x.env
      labels: {traefik.docker.network: "${COMPOSE_PROJECT_NAME}_default"}
      configs: [{source: text, target: /named}]
      networks: [default, proxy, same]
      depends_on: {side: {condition: service_completed_successfully}}
    side:
      image: pod-test/busybox
      command: [sh, -c, "ip addr show eth0 | grep -c inet"]
      network_mode: ${COMPOSE_PROJECT_NAME}_default
      volumes: [data:/data, again:/again]
  networks:
    proxy: {name: "${COMPOSE_PROJECT_NAME}_proxy"}
    same: {external: true, name: "${COMPOSE_PROJECT_NAME}_proxy"}
  volumes:
    data: {}
    again: {external: true, name: "${COMPOSE_PROJECT_NAME}_data"}
  configs:
    text: {content: "${COMPOSE_PROJECT_NAME} ${NET}\\n"}
  """

/// The files next to it; one of them sets its own name.
private let beside = [
  "x.env": "FROM_FILE=${COMPOSE_PROJECT_NAME}_file\n",
  ".env": "COMPOSE_PROJECT_NAME=other\nNET=${COMPOSE_PROJECT_NAME}_net\nFROM_DOTENV=x\n",
]

@Suite("COMPOSE_PROJECT_NAME in a file", .needsEngine, .throttled)
struct FileNamingTests {
  /// The lines that the pod of the file above prints.
  private static func lines(_ name: String) -> [String] {
    ["\(name) \(name)_net", "\(name) \(name)_file"]
  }

  @Test("is the name of the pod's project in run", arguments: TestEngine.all)
  func run(on engine: TestEngine) async throws {
    try await withPod(on: engine, named, PodSettings(files: beside)) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      let lines = end.output(of: "web")
      let name = String(lines.first?.prefix { $0 != " " } ?? "")
      #expect(name.hasPrefix("\(pod.task)-"), "\(end)")
      #expect(lines.prefix(2).map { $0.trimmingCharacters(in: .whitespaces) } == Self.lines(name))
      #expect(end.output(of: "side") == ["1"], "\(end)")
    }
  }

  @Test("is the name of the pod's project under Mesos too", arguments: MesosHost.linux)
  func mesos(on host: MesosHost) async throws {
    let settings = MesosSettings(files: beside)
    try await withMesosPod(on: host, named, settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FINISHED", "\(end.message ?? "")")
      let lines = PodEnd.lines(
        of: "web", in: pod.run.text("stdout").split(separator: "\n").map(String.init))
      let name = String(lines.first?.prefix { $0 != " " } ?? "")
      #expect(name.hasPrefix(pod.task.prefix(8).lowercased()), "\(lines)")
      #expect(lines.prefix(2).map { $0.trimmingCharacters(in: .whitespaces) } == Self.lines(name))
    }
  }

  @Test("is the project of the requests in config --pod, and the file's own name in config")
  func config() async throws {
    try await Recorder.with { recorder in
      try await withTemporaryDirectory { directory in
        try directory.write("compose.yaml", named)
        for (name, text) in beside { try directory.write(name, text) }
        func print(_ options: [String], name: String? = nil) async throws -> JSON {
          var environment = ["DOCKER_HOST": recorder.engine.dockerHost]
          if let name { environment["COMPOSE_PROJECT_NAME"] = name }
          let text = try await Command(
            BuiltProgram.composeExecutor, ["config"] + options, environment: environment,
            directory: directory.path
          ).output()
          return try JSON(parsing: Array(text.utf8))
        }
        let run = UUID().uuidString.lowercased()
        for (options, task) in [
          ([String](), "other-\(run.prefix(8))"), (["--task-id", "Web.1"], "web-1"),
        ] {
          let plan = try await print(["--pod", "--run-id", run] + options)
          let name = "\(task)-\(run.prefix(8))"
          let networks = plan["networks"]?.array ?? []
          #expect(
            Set(networks.map { $0["Name"]?.string }) == ["\(name)_default", "\(name)_proxy"])
          #expect(plan["externalNetworks"]?.array?.isEmpty == true)
          #expect(plan["externalVolumes"]?.array?.isEmpty == true)
          #expect(plan["volumes"]?.array?.map { $0["Name"]?.string } == ["\(name)_data"])
          let containers = plan["containers"]?.array ?? []
          let web = containers[0]["create"]
          #expect(web?["Labels"]?["traefik.docker.network"]?.string == "\(name)_default")
          #expect(web?["Labels"]?["com.docker.compose.project"]?.string == name)
          #expect(
            web?["Env"]?.array?.contains { $0.string == "COMPOSE_PROJECT_NAME=\(name)" } == true)
          let mode = containers[1]["create"]?["HostConfig"]?["NetworkMode"]
          #expect(mode?.string == "\(name)_default")
        }
        let plain = try await print(["--format", "json"])
        #expect(
          plain["services"]?["web"]?["labels"]?["traefik.docker.network"]?.string
            == "other_default")
        let given = try await print(["--format", "json"], name: "given")
        #expect(given["services"]?["side"]?["network_mode"]?.string == "given_default")
      }
    }
  }
}
