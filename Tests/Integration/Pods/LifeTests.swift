import Foundation
import PodIdentity
import TestSupport
import Testing

@Suite("The lifecycle of a pod", .needsEngine, .throttled)
struct LifeTests {
  @Test("a pod starts, runs, finishes, and leaves no object", arguments: TestEngine.all)
  func finishes(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        first:
          image: pod-test/busybox
          command: ["echo", "hello from first"]
        second:
          image: pod-test/busybox
          command: ["sh", "-c", "echo hello from second; echo a complaint >&2"]
          depends_on: [first]
      """)
    #expect(end.status == .exited(0), "\(end)")
    #expect(end.states == ["TASK_STARTING", "TASK_RUNNING", "TASK_FINISHED"])
    #expect(end.output(of: "first") == ["hello from first"])
    #expect(end.output(of: "second") == ["hello from second"])
    #expect(end.output(of: "second", .stderr) == ["a complaint"])
  }

  private static let shop = """
    services:
      web:
        image: founding/base
        labels:
          shop.tier: front
        networks: [inside]
        volumes:
          - data:/data
          - /scratch
      store:
        image: founding/base
        container_name: the_store
        restart: always
        networks: [inside]
    networks:
      inside: {}
      unused: {}
    volumes:
      data:
        labels:
          shop.backup: nightly
    """

  @Test("every object has exactly the labels of the contract", arguments: TestEngine.all)
  func labels(on engine: TestEngine) async throws {
    try await withPod(
      on: engine, Self.shop,
      PodSettings(options: ["--framework-id", "F-1", "--agent-id", "A-1", "--executor-id", "E-1"])
    ) { pod in
      try await pod.running()
      let pid = pod.executor.pid
      let common = [
        "mesos.framework_id": "F-1", "mesos.executor_id": "E-1", "mesos.task_id": pod.task,
        "mesos.container_id": pod.run, "mesos.agent_id": "A-1",
        "mesos.executor.pid": String(pid),
        "mesos.executor.start_time": try ProcessFacts.startTime(pid),
        "mesos.host.boot_id": try ProcessFacts.bootID(),
        "mesos.host.machine_id": HostIdentity.current().machineID ?? "",
        "mesos.cgroup_parent": "/compose-pods/\(pod.run)", "mesos.executor_cgroup": "",
        "mesos.remove_images": "", "mesos.keep_failed": "",
        "taskId": pod.task, "executorId": "E-1",
        "com.docker.compose.project": "\(pod.task)-\(pod.run.prefix(8))",
      ]
      func container(_ service: String, _ own: [String: String]) -> [String: String] {
        common.merging(own) { $1 }.merging([
          "com.docker.compose.service": service, "com.docker.compose.container-number": "1",
          "com.docker.compose.oneoff": "False", "com.docker.compose.config-hash": "",
          "com.docker.compose.network": "", "com.docker.compose.volume": "",
        ]) { $1 }
      }
      let containers = try await pod.containers()
      #expect(Set(containers.keys) == ["web", "store"])
      let image = ["pod-test.recipe"]
      for (service, own) in [("web", ["shop.tier": "front"]), ("store", [:])] {
        let labels = containers[service]?.Config.Labels.filter { !image.contains($0.key) }
        #expect(labels == container(service, own))
      }
      let networks = try await pod.networks()
      #expect(networks.map(\.Name) == ["\(pod.task)-\(pod.run.prefix(8))_inside"])
      #expect(
        networks.first?.Labels == common.merging(["com.docker.compose.network": "inside"]) { $1 })
      let volumes = try await pod.volumes()
      #expect(volumes.map(\.Name) == ["\(pod.task)-\(pod.run.prefix(8))_data"])
      #expect(
        volumes.first?.Labels
          == common.merging(["com.docker.compose.volume": "data", "shop.backup": "nightly"]) { $1 })
    }
  }

  @Test("names, restart policy, cgroup and log limit are the contract's", arguments: TestEngine.all)
  func contract(on engine: TestEngine) async throws {
    try await withPod(on: engine, Self.shop) { pod in
      try await pod.running()
      let containers = try await pod.containers()
      #expect(containers["web"]?.Name == "/\(pod.task)_web")
      #expect(containers["store"]?.Name == "/\(pod.task)_the_store")
      for container in containers.values {
        #expect(container.HostConfig.RestartPolicy.Name == "no")
        #expect(container.HostConfig.CgroupParent == "/compose-pods/\(pod.run)")
        #expect(container.HostConfig.LogConfig.Type == "json-file")
        #expect(container.HostConfig.LogConfig.Config == ["max-size": "50m", "max-file": "2"])
        let location = try String(
          contentsOfFile: "/proc/\(container.State.Pid)/cgroup", encoding: .utf8)
        #expect(location.contains("/compose-pods/\(pod.run)/\(container.Id)"))
      }
      // An anonymous volume can't have labels: it is removed with its container.
      let anonymous = try #require(
        containers["web"]?.Mounts.first { $0.Destination == "/scratch" }?.Name)
      pod.send(SIGTERM)
      #expect(try await pod.ended().status == .exited(130))
      #expect(try await !engine.docker("volume", "inspect", anonymous).run().status.isSuccess)
    }
  }

  @Test("Docker Compose lists the pod as a separate project", arguments: TestEngine.all)
  func composeSeesIt(on engine: TestEngine) async throws {
    let compose = ProcessInfo.processInfo.environment["COMPOSE5"] ?? "docker-compose"
    try await withPod(on: engine, Self.shop) { pod in
      try await pod.running()
      let listed = try await Command(
        compose,
        ["-p", "\(pod.task)-\(pod.run.prefix(8))", "ps", "--format", "{{.Service}} {{.State}}"],
        environment: ["DOCKER_HOST": engine.dockerHost], directory: "/"
      ).output()
      #expect(Set(listed.split(separator: "\n")) == ["web running", "store running"])
    }
  }

  @Test("a container name that is in use gets a hash", arguments: TestEngine.all)
  func nameTaken(on engine: TestEngine) async throws {
    let file = "services:\n  web:\n    image: founding/base\n"
    try await withPod(on: engine, file) { first in
      try await first.running()
      try await withPod(on: engine, file, PodSettings(task: first.task)) { second in
        try await second.running()
        let name = try await second.containers()["web"]?.Name ?? ""
        #expect(name.wholeMatch(of: /\/(.*)_web_[0-9a-f]{8}/)?.1 == Substring(first.task))
        // The cleanup of one pod doesn't affect the other.
        second.send(SIGTERM)
        try await second.ended()
        #expect(try await first.containers()["web"]?.State.Running == true)
      }
    }
  }

  @Test("--env overrides the environment, which overrides .env", arguments: TestEngine.all)
  func variables(on engine: TestEngine) async throws {
    let end = try await podEnd(
      on: engine,
      """
      services:
        web:
          image: pod-test/busybox
          command: ["echo", "${IT_FIRST} ${IT_SECOND} ${IT_THIRD} ${IT_FOURTH:-default}"]
      """,
      PodSettings(
        options: ["--env", "IT_FIRST=option"],
        environment: ["IT_FIRST": "environment", "IT_SECOND": "environment"],
        files: [".env": "IT_FIRST=file\nIT_SECOND=file\nIT_THIRD=file\n"]))
    #expect(end.output(of: "web") == ["option environment file default"], "\(end)")
  }
}
