import Compose
import Foundation
import PodResources
import Testing
import YAML

/// Parses a text as JSON.
private func parsed(_ text: String) throws -> NSDictionary {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
}

/// Two services whose limits add up to 0.75 cpus and 160 MiB.
private let web = """
  services:
    web_1: {image: a, cpus: 0.5, mem_limit: 128m, stop_grace_period: 15s, ports: ["80", "53:53/udp", "53:53"]}
    side: {image: a, cpus: 0.25, mem_limit: 32m, ports: ["80"]}
  """

@Suite("The app for Marathon")
struct MarathonAppTests {
  @Test("has the sum, the ports, and the URIs to fetch")
  func whole() async throws {
    let app = try await withProject(web, options: { $0.projectName = "web_one" }) { project in
      try parsed(
        try ResourceSum(project).marathonApp(project, Submission(version: "1.2.3")))
    }
    let expected: NSDictionary = [
      "id": "/web-one", "executor": "./compose-executor-1.2.3-linux-x86_64/bin/compose-executor",
      "cmd": "# no arguments", "instances": 1, "cpus": 0.8, "mem": 208,
      "portDefinitions": [
        ["port": 0, "protocol": "tcp", "name": "web-1-80"],
        ["port": 0, "protocol": "udp,tcp", "name": "web-1-53"],
        ["port": 0, "protocol": "tcp", "name": "side-80"],
      ],
      "fetch": [
        [
          "uri": "https://files.example.org/compose-executor-1.2.3-linux-x86_64.tar.gz",
          "extract": true, "cache": true,
        ], ["uri": "https://files.example.org/pod.tar.gz", "extract": true],
      ],
      "labels": ["fileName": "pod/compose.yaml", "pod.launch_timeout": "4m"],
      "taskKillGracePeriodSeconds": 25,
    ]
    #expect(app == expected)
  }

  @Test("contains the values of the options, and gives replicas' ports distinct names")
  func given() async throws {
    let text = """
      services:
        a: {image: a, cpus: 1, mem_limit: 1m, scale: 2, ports: ["80"], gpus: [{count: 1}]}
        __: {image: a, cpus: 1, mem_limit: 1m, ports: ["80"], stop_grace_period: 1000000h}
      """
    let app = try await withProject(
      text, others: ["sub/b.yaml": "services: {}"],
      options: { $0.files.append("sub/b.yaml") }
    ) { project in
      var submission = Submission(version: "1")
      submission.id = "/group/a"
      submission.instances = 3
      submission.filesAt = "http://10.0.0.1/files/"
      submission.executorURI = "http://10.0.0.1/installed-executor"
      submission.labels = [("pod.launch_timeout", "9m"), ("odd \"one\"", "x=y\n")]
      submission.variables = [("A", "1"), ("COMPOSE_PROFILES", "x,y")]
      submission.user = "pods"
      submission.disk = mebibytes(100)
      return try parsed(try ResourceSum(project).marathonApp(project, submission))
    }
    #expect(app["id"] as? String == "/group/a")
    #expect(app["executor"] as? String == "./installed-executor")
    #expect(app["user"] as? String == "pods")
    #expect(app["gpus"] as? Int == 2)
    #expect(app["disk"] as? Int == 100)
    #expect(app["instances"] as? Int == 3)
    #expect(
      app["labels"] as? NSDictionary == [
        "fileName": "pod/compose.yaml,pod/sub/b.yaml", "pod.launch_timeout": "9m",
        "odd \"one\"": "x=y\n",
      ])
    #expect(app["env"] as? NSDictionary == ["A": "1", "COMPOSE_PROFILES": "x,y"])
    #expect(
      app["fetch"] as? NSArray == [
        [
          "uri": "http://10.0.0.1/installed-executor", "extract": false, "executable": true,
        ], ["uri": "http://10.0.0.1/files/pod.tar.gz", "extract": true],
      ])
    let names = (app["portDefinitions"] as? [NSDictionary])?.map { $0["name"] as? String }
    #expect(names == ["a-80", "a-80-2", "port-80"])
    #expect(app["taskKillGracePeriodSeconds"] as? Int64 == 2_147_483_647)
  }

  @Test("requests the limits of the largest container if the reservations are less")
  func floor() async throws {
    let text = """
      services:
        a:
          image: a
          deploy:
            resources:
              limits: {cpus: '2', memory: 512M}
              reservations: {cpus: '0.5', memory: 128M}
      """
    try await withProject(text) { project in
      var options = SumOptions()
      options.usesReservations = true
      let sum = try ResourceSum(project, options)
      #expect(sum.total.cpus.text == "0.55")
      #expect(sum.total.memory == mebibytes(176))
      let app = try parsed(try sum.marathonApp(project, Submission(version: "1")))
      #expect(app["cpus"] as? Double == 2)
      #expect(app["mem"] as? Int == 512)
    }
  }

  @Test("is refused for files that no agent could fetch, and for an invalid ID")
  func refused() async throws {
    func refusal(
      _ change: (inout Project) -> Void, id: String? = nil, variable: String? = nil
    ) async throws -> String {
      try await withProject(web) { project in
        var project = project
        change(&project)
        var submission = Submission(version: "1")
        submission.id = id
        if let variable { submission.variables = [(variable, "1")] }
        let sum = try ResourceSum(project)
        let error = #expect(throws: DiagnosticError.self) {
          _ = try sum.marathonApp(project, submission)
        }
        return error?.message ?? ""
      }
    }
    #expect(
      try await refusal { $0.files = ["-"] }
        == "standard input can't be fetched by an agent: name the file with -f")
    let outside = try await refusal { $0.files.append("/elsewhere/compose.yaml") }
    #expect(outside.hasPrefix("/elsewhere/compose.yaml is outside the project directory /"))
    let above = try await refusal {
      $0.workingDirectory = String($0.workingDirectory.dropLast("/pod".count))
    }
    #expect(above.contains("isn't in the project directory"))
    let comma = try await refusal { $0.files[0] = $0.workingDirectory + "/a,b.yaml" }
    #expect(comma == "a Compose file's name can't contain a comma: pod/a,b.yaml")
    for id in ["/Web", "/a_b", "/-a", "/", "/a b", "/a..b", "/.a", "/a.", "/a.-b"] {
      #expect(try await refusal({ _ in }, id: id).hasPrefix("--id takes an app's ID"))
    }
    for name in ["a.b", "1a", ""] {
      #expect(
        try await refusal({ _ in }, variable: name).hasPrefix("Marathon doesn't accept a variable"))
    }
  }
}

@Suite("The job for Aurora")
struct AuroraJobTests {
  @Test("has the sum of the services, since Aurora adds the executor's part")
  func whole() async throws {
    let job = try await withProject(web) { project in
      var submission = Submission(version: "1")
      submission.id = "ops/prod/web"
      submission.uris = [
        "https://files.example.org/compose.yaml", "https://files.example.org/x.tgz",
      ]
      submission.isService = false
      return try parsed(try ResourceSum(project).auroraJob(project, submission))
    }
    let expected: NSDictionary = [
      "role": "ops", "environment": "prod", "name": "web", "cpu": 0.75, "ram": 160, "disk": 256,
      "port": 3, "executor": ["name": "compose-executor", "data": ""], "instances": 1,
      "maxFailures": 1,
      "uris": [
        ["uri": "https://files.example.org/compose.yaml", "extract": false, "cache": false],
        ["uri": "https://files.example.org/x.tgz", "extract": true, "cache": false],
      ],
      // The file itself is fetched.
      "labels": ["fileName": "compose.yaml"], "service": false, "tier": "preemptible",
    ]
    #expect(job == expected)
  }

  @Test("is refused if the pod requests nothing, since no framework accepts it")
  func nothing() async throws {
    func refusal(_ text: String, disk: ByteSize? = nil) async throws -> String {
      try await withProject(text) { project in
        var options = SumOptions()
        options.executor = .none
        options.defaultMemory = ByteSize.zero
        let sum = try ResourceSum(project, options)
        var submission = Submission(version: "1")
        submission.disk = disk
        let error = #expect(throws: DiagnosticError.self) {
          _ = try sum.auroraJob(project, submission)
        }
        return error?.message ?? ""
      }
    }
    #expect(
      try await refusal("services: {a: {image: a, cpus: 1, mem_limit: 1m, scale: 0}}")
        == "there is nothing to submit: no service has a container")
    #expect(
      try await refusal("services: {a: {image: a, cpus: 1}}")
        == "a task must request cpus and memory, but one of them is 0: set the services' limits")
    #expect(try await refusal(web, disk: ByteSize.zero).hasPrefix("a job must request disk space"))
  }

  @Test("has no variables, and has a key of three parts")
  func refused() async throws {
    try await withProject(web) { project in
      let sum = try ResourceSum(project)
      var submission = Submission(version: "1")
      submission.variables = [("A", "1")]
      #expect(throws: DiagnosticError.self) { _ = try sum.auroraJob(project, submission) }
      submission.variables = []
      for id in ["prod/web", "a/b/c/d", "ops//web", "ops/prod/my web"] {
        submission.id = id
        #expect(throws: DiagnosticError.self) { _ = try sum.auroraJob(project, submission) }
      }
      submission.id = nil
      let job = try parsed(try sum.auroraJob(project, submission))
      #expect(job["role"] as? String == "www-data")
    }
  }
}
