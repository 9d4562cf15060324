import Testing

@testable import PodIdentity

func identity(
  task: String = "web.1", run: String = "11111111-2222-3333-4444-555555555555",
  framework: String = "F", executor: String = "E", pid: Int32? = 42
) -> PodIdentity {
  PodIdentity(
    frameworkID: framework, executorID: executor, taskID: task, run: run, agentID: "",
    incarnation: Incarnation(bootID: "boot", pid: pid, startTime: pid.map { _ in 7 }),
    host: HostIdentity(machineID: "machine"), cgroupParent: "/mesos/\(run)")
}

@Suite("A pod's labels")
struct LabelTests {
  @Test("are those of the contract, each with its value")
  func contract() {
    #expect(
      identity().labels == [
        "mesos.framework_id": "F", "mesos.executor_id": "E", "mesos.task_id": "web.1",
        "mesos.container_id": "11111111-2222-3333-4444-555555555555", "mesos.agent_id": "",
        "mesos.executor.pid": "42", "mesos.executor.start_time": "7",
        "mesos.host.boot_id": "boot", "mesos.host.machine_id": "machine",
        "mesos.cgroup_parent": "/mesos/11111111-2222-3333-4444-555555555555",
        "mesos.executor_cgroup": "", "mesos.remove_images": "", "mesos.keep_failed": "",
        "taskId": "web.1",
        "executorId": "E",
        "com.docker.compose.project": "web-1-11111111",
      ])
  }

  @Test("without a value are set to the empty string, so that no image can supply one")
  func empty() {
    #expect(identity(pid: nil).labels["mesos.executor.pid"] == "")
    #expect(identity(pid: nil).labels["mesos.executor.start_time"] == "")
  }

  @Test("are among the keys that a file may not set")
  func reserved() {
    #expect(Set(identity().labels.keys).isSubset(of: PodLabel.all))
  }
}

@Suite("A pod's names")
struct NameTests {
  @Test("contain the task ID, with replacements for characters that Docker refuses")
  func container() {
    #expect(identity(task: "web.1").names.container("redis") == "web.1_redis")
    #expect(identity(task: "a/b c:ü").names.container("x") == "a-b-c--_x")
    #expect(identity(task: "_a").names.container("x") == "p-a_x")
    #expect(identity(task: ".a").names.container("x") == "p-a_x")
  }

  @Test(
    "never begin like the names of an agent or a kubelet",
    arguments: [
      "mesos-3f1c", "MESOS-1", "mesos-", "k8s_web", "k8s", "K8S_x", "/mesos-1", "mesos/1",
      "_mesos-1",
    ])
  func foreign(task: String) {
    let names = identity(task: task).names
    for name in [
      names.container("web"), names.containerWithHash("web"), names.project, names.object("data"),
    ] {
      #expect(!name.lowercased().hasPrefix("mesos-"), "\(name)")
      #expect(!name.lowercased().hasPrefix("k8s_"), "\(name)")
      #expect(name.contains(/^(task-|p-)/), "\(name)")
    }
  }

  @Test("begin like the task ID, unless another program uses that prefix")
  func own() {
    #expect(identity(task: "mesos").names.container("x") == "mesos_x")
    #expect(identity(task: "k8s-1").names.container("x") == "k8s-1_x")
    #expect(identity(task: "mesos-1").names.container("x") == "task-mesos-1_x")
  }

  @Test("have a hash of framework, executor and run added if the name is in use")
  func taken() {
    let first = identity(run: "r1").names.containerWithHash("web")
    let second = identity(run: "r2").names.containerWithHash("web")
    #expect(first != second)
    #expect(first.hasPrefix("web.1_web_"))
    #expect(first.count == "web.1_web_".count + 8)
  }

  @Test("yield a valid Compose project", arguments: ["web.1", "Über/App", "-x", "", "日本"])
  func project(task: String) throws {
    let name = identity(task: task).names.project
    let first = try #require(name.unicodeScalars.first)
    #expect(("a"..."z").contains(first) || ("0"..."9").contains(first))
    #expect(
      name.unicodeScalars.allSatisfy {
        "abcdefghijklmnopqrstuvwxyz0123456789_-".unicodeScalars.contains($0)
      })
  }

  @Test("differ between two runs of one task, and between two long task IDs")
  func distinct() {
    let one = "11111111-2222-3333-4444-555555555555"
    let two = "99999999-2222-3333-4444-555555555555"
    #expect(identity(run: one).names.project != identity(run: two).names.project)
    #expect(identity(run: "run-a").names.project != identity(run: "run-b").names.project)
    let long = String(repeating: "a", count: 60)
    let first = identity(task: long + "1", executor: long + "1", pid: 1).names.project
    let second = identity(task: long + "2", executor: long + "2", pid: 1).names.project
    #expect(first != second)
  }

  @Test("of networks and volumes contain the project")
  func object() {
    #expect(identity().names.object("default") == "web-1-11111111_default")
  }
}

@Suite("A built image's name")
struct ImageNameTests {
  @Test("consists of the project and the service, with characters that a registry accepts")
  func names() {
    func name(_ service: String) -> String { PodNames.image(project: "web-1", service: service) }
    #expect(name("api") == "web-1-api")
    #expect(name("a.b__c") == "web-1-a.b__c")
    let odd = ["Api", "a_-b", "a-", "_a", "a..b", "a___b", "ä"].map(name)
    #expect(Set(odd).count == odd.count)
    for word in odd {
      #expect(word.wholeMatch(of: /[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*/) != nil, "\(word)")
    }
    #expect(name(String(repeating: "a", count: 400)).count < 230)
  }
}
