import AgentStandIn
import Compose
import Foundation
import OrderedCollections
import TestSupport
import Testing

@Suite("A pod's containers equal Compose's containers", .needsEngine, .broad)
struct InspectParityTests {
  @Test("in docker inspect, key by key", arguments: TestEngine.all)
  func inspect(on engine: TestEngine) async throws {
    let files = try ParityFile.all().filter {
      $0.requestOnly == nil && $0.controller.map(engine.has) ?? true
    }
    let project = try ParityFile.load(files.map(\.path))
    // In sequence: both have networks with the same addresses.
    let theirs = try await Oracle5.create(files, on: engine) {
      try await CreatedObjects(project: $0, on: engine)
    }
    try await withPod(on: engine, "unused: true\n", settings(files)) { pod in
      try await created(files, by: pod)
      let name = try await pod.project()
      let ours = Side(
        project: name, directory: pod.sandbox.path,
        objects: try await CreatedObjects(project: name, on: engine))
      compare(ours, theirs, project)
    }
  }

  @Test("in the requests, for every key and an engine of the newest API")
  func requests() async throws {
    let files = try ParityFile.all()
    let project = try ParityFile.load(files.map(\.path))
    try await Recorder.with { recorder in
      let theirs = try await Oracle5.create(files, on: recorder.engine) {
        recorder.created(for: $0)
      }
      try await withPod(on: recorder.engine, "unused: true\n", settings(files)) { pod in
        try await created(files, by: pod)
        let name = try await pod.project()
        // Further networks of a container are connected after its creation. The comparison finds a
        // remaining difference.
        let expected = theirs.objects.endpoints
        try? await eventually("all endpoints", within: .seconds(15)) {
          recorder.created(for: name).endpoints == expected
        }
        let ours = Side(
          project: name, directory: pod.sandbox.path, objects: recorder.created(for: name))
        compare(ours, theirs, project)
      }
    }
  }

  @Test("in the container of a pre_start, and with proxies in the docker configuration")
  func preStart() async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          network_mode: bridge
          environment: {WHO: service}
          cap_add: [NET_ADMIN]
          mem_limit: 32m
          user: "12"
          volumes: [/data]
          pre_start:
            - command: [prepare, it]
              image: founding/base
              user: "13"
              environment: {MORE: hook}
              mem_limit: 48m
              volumes: ["./:/own"]
        own:
          image: pod-test/busybox
          network_mode: bridge
          environment: {HTTP_PROXY: own, https_proxy: "", no_proxy: }
      """
    try await Recorder.with { recorder in
      let proxies = """
        {"proxies": {
          "default": {"allProxy": "http://other"},
          "\(recorder.engine.dockerHost)": {
            "httpProxy": "http://proxy:3128", "httpsProxy": "http://proxy:3129", "noProxy": "10.0.0.0/8", "ftpProxy": ""
          }}}
        """
      let settings = PodSettings(
        options: ["--grace", "0s"], files: [".docker/config.json": proxies])
      try await withPod(on: recorder.engine, file, settings) { pod in
        let compose = try Oracle5.cli(
          "oracle", recorder.engine, ["-f", "compose.yaml", "up", "-d"], directory: pod.sandbox.path
        ).start()
        defer { compose.send(SIGKILL) }
        func side(_ project: @escaping () async throws -> String) async throws -> Side {
          try await eventually("the hook's container") {
            let name = try await project()
            let objects = recorder.created(for: name)
            guard objects.containers.count == 3 else { return nil }
            return Side(project: name, directory: pod.sandbox.path, objects: objects)
          }
        }
        let (ours, theirs) = (
          try await side { try await pod.project() }, try await side { "oracle" }
        )
        let project = try ParityFile.load([pod.sandbox.path + "/compose.yaml"])
        compare(ours, theirs, project)
        #expect(ours.objects.containers["web/"] != nil)
        let variables = ours.objects.containers["web/1"]?["Config"]?["Env"]?.array ?? []
        #expect(variables.contains("http_proxy=http://proxy:3128"), "\(variables)")
      }
    }
  }

  private func settings(_ files: [ParityFile]) -> PodSettings {
    PodSettings(
      ports: Array(21100..<21200), options: ParityFile.options(for: files) + ["--grace", "0s"],
      files: ["gate.yml": ParityFile.gate(for: files)],
      shell: "cp -R \(ParityFile.directory)/. .; exec \"$@\"")
  }

  /// Waits until a pod has a container for each service of the files and for the gate.
  private func created(_ files: [ParityFile], by pod: RunningPod) async throws {
    let count = files.reduce(1) { $0 + $1.containers }
    try await eventually("\(count) containers of the pod", within: .seconds(120)) {
      if let status = pod.executor.status {
        throw EndedEarly(description: "\(status)\n\(PodEnd(soFar: pod))")
      }
      return try await pod.services().count == count
    }
  }

  /// Compares all objects that either side created for a project.
  private func compare(_ one: Side, _ other: Side, _ project: Project) {
    let (ours, theirs) = (one.objects, other.objects)
    let (ourForm, theirForm) = (one.form(of: project), other.form(of: project))
    #expect(Set(ours.containers.keys) == Set(theirs.containers.keys))
    for (key, container) in ours.containers {
      guard let other = theirs.containers[key],
        let service = project.services[String(key.prefix { $0 != "/" })]
      else { continue }
      let found = JSON.differences(
        ourForm.container(container, of: service), theirForm.container(other, of: service))
      #expect(found.isEmpty, "\(key): \(found.joined(separator: "\n"))")
    }
    #expect(Set(ours.networks.keys) == Set(theirs.networks.keys))
    for (key, network) in ours.networks {
      let hasPools = project.networks[key]?.ipam?.pools.isEmpty == false
      let found = JSON.differences(
        ourForm.object(network, hasPools: hasPools),
        theirs.networks[key].flatMap { theirForm.object($0, hasPools: hasPools) })
      #expect(found.isEmpty, "network \(key): \(found.joined(separator: "\n"))")
    }
    #expect(Set(ours.volumes.keys) == Set(theirs.volumes.keys))
    for (key, volume) in ours.volumes {
      let found = JSON.differences(
        ourForm.object(volume, hasPools: true),
        theirs.volumes[key].flatMap { theirForm.object($0, hasPools: true) })
      #expect(found.isEmpty, "volume \(key): \(found.joined(separator: "\n"))")
    }
  }

  /// Invariant 9: the engine receives everything that a file requests.
  @Test("for every key that Docker shows, which has its own file or is part of one")
  func covered() throws {
    var used: Set<String> = []
    for file in try ParityFile.all() { used.formUnion(try ParityKeys(usedBy: file.path).paths) }
    #expect(ParityKeys.visible.subtracting(used).sorted() == [])
    #expect(ParityKeys.visible.count > 150)
  }

  @Test("except for the differences in docs/compose.md")
  func documented() throws {
    let text = try SourceTree.text("docs/compose.md")
    // An additional row would not be followed by an empty line.
    #expect(text.contains("\n\n" + Difference.table + "\n"))
    #expect(text.contains("\n\n" + RunningDifference.table + "\n"))
  }
}

/// The objects that one side created.
struct Side: Sendable {
  /// The project's name.
  let project: String
  /// The directory of its files.
  let directory: String
  let objects: CreatedObjects

  /// The form in which it is compared.
  func form(of project: Project) -> ParityForm {
    ParityForm(
      names: ParityNames(of: objects, project: self.project, directory: directory), project: project
    )
  }
}

/// A project that Docker Compose 5.6.1 has created from the same files.
struct Oracle5: Sendable {
  let project: String
  /// Its output.
  private(set) var output = ""

  /// Its command line.
  static func cli(
    _ project: String, _ engine: TestEngine, _ words: [String], directory: String,
    environment: [String: String] = [:]
  ) -> Command {
    Command(
      ProcessInfo.processInfo.environment["COMPOSE5"] ?? "docker-compose", ["-p", project] + words,
      environment: ["DOCKER_HOST": engine.dockerHost, "HOME": directory].merging(environment) {
        $1
      },
      directory: directory)
  }

  /// Creates the services of some files in a separate directory, without starting any, and removes
  /// them.
  static func create(
    _ files: [ParityFile], on engine: TestEngine,
    _ inspection: (String) async throws -> CreatedObjects
  ) async throws -> Side {
    try await withTemporaryDirectory { directory in
      try await Command("cp", ["-R", ParityFile.directory + "/.", directory.path]).output()
      try directory.write("gate.yml", ParityFile.gate(for: files))
      var side: Side?
      try await with(engine, options: ParityFile.options(for: files), directory: directory.path) {
        side = Side(
          project: $0.project, directory: directory.path, objects: try await inspection($0.project))
      }
      guard let side else { throw EndedEarly(description: "nothing was created") }
      return side
    }
  }

  /// Creates the project, calls `body` with it, and removes it.
  static func with(
    _ engine: TestEngine, options: [String], directory: String, command: [String] = ["create"],
    environment: [String: String] = [:], _ body: (Oracle5) async throws -> Void
  ) async throws {
    var oracle = Oracle5(project: "oracle-\(UUID().uuidString.prefix(8).lowercased())")
    let project = oracle.project
    func compose(_ words: [String]) -> Command {
      cli(project, engine, options + words, directory: directory, environment: environment)
    }
    let result: Result<Void, any Error>
    do {
      oracle.output = try await compose(command).output(within: .seconds(120))
      result = .success(try await body(oracle))
    } catch {
      result = .failure(error)
    }
    try await compose(["down", "-v", "-t", "0"]).output(within: .seconds(120))
    try result.get()
  }
}

/// A pod that exited before its containers existed.
private struct EndedEarly: Error, CustomStringConvertible {
  let description: String
}

extension RunningPod {
  /// The name of its Compose project.
  func project() async throws -> String {
    try await engine.docker(
      "ps", "-a", "--filter", "label=mesos.container_id=\(run)", "--format",
      "{{.Label \"com.docker.compose.project\"}}"
    ).output().split(separator: "\n").first.map(String.init) ?? ""
  }
}
