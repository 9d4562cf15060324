import AgentStandIn
import Foundation
import TestSupport
import Testing

@Suite("A task under the operator's policy", .throttled)
struct PolicyTaskTests {
  /// Settings of a task on a host with this policy.
  private func settings(_ policy: String) -> MesosSettings {
    var settings = MesosSettings(files: ["etc/compose-executor.yaml": policy])
    // Only the executor sees an /etc with that file; the test never touches the file of the
    // machine.
    settings.make = { id, executor in
      .plain(id: id, executor: executor, labels: [("fileName", "compose.yaml")])
    }
    settings.task = { task in
      let mount = "mount -t overlay overlay -o lowerdir=$MESOS_SANDBOX/etc:/etc /etc"
      task.command =
        "chown 0:0 etc/*; exec unshare -m sh -c '\(mount) && exec \(BuiltProgram.composeExecutor)'"
    }
    return settings
  }

  private func file(_ lines: String, image: String = "pod-test/busybox") -> String {
    let service = lines.split(separator: "\n").map { "    \($0)\n" }.joined()
    return "services:\n  web:\n    image: \(image)\n\(service)"
  }

  @Test(
    "runs with permitted features, and within the limits of the policy",
    arguments: MesosHost.linux)
  func permitted(on host: MesosHost) async throws {
    var settings = settings("allow: {registries: true, max-pids: 77, max-containers: 1}\n")
    settings.files["data/text"] = "of the sandbox\n"
    let command =
      "cat /data/text && cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max || true"
    let lines = """
      command: [sh, -c, "\(command)"]
      volumes: ["./data:/data"]
      tmpfs: [/scratch]
      cap_drop: [ALL]
      security_opt: ["no-new-privileges:true"]
      read_only: true
      """
    try await withMesosPod(on: host, file(lines), settings) { pod in
      let end = try await pod.ended()
      #expect(end.state == "TASK_FINISHED", "\(end.message ?? "")")
      let output = pod.run.text("stdout")
      #expect(output.contains("of the sandbox"), "\(output)")
      // The hosts of these tests have the controller in version 1.
      if host.engine.cgroups == .v1 { #expect(output.contains("77"), "\(output)") }
    }
  }

  /// Policies, and whether each permits a check by a command on the host.
  private static let checks: [(policy: String, isPermitted: Bool)] = [
    ("allow: {registries: true}\n", false), ("allow: {registries: true, hooks: true}\n", true),
    ("check-service: /sandbox\nallow: {registries: true}\n", true),
  ]

  @Test(
    "has no check on the host unless hooks are permitted or the operator enables it",
    arguments: checks.indices)
  func sandboxCheck(index: Int) async throws {
    let host = try #require(MesosHost.linux.first)
    let (policy, isPermitted) = Self.checks[index]
    var settings = settings(policy)
    let task = settings.task
    settings.task = {
      task(&$0)
      $0.labels.append(("pod.check_service", "/sandbox"))
      $0.healthCheck = TaskDescription.mesosCommandCheck("test -e compose.yaml")
    }
    try await withMesosPod(on: host, file("command: [sleep, '1000']"), settings) { pod in
      if isPermitted {
        try await pod.agent.update("TASK_RUNNING", of: pod.task) { $0.healthy == true }
        return
      }
      let end = try await pod.ended()
      #expect(end.state == "TASK_FAILED")
      #expect(
        end.message?.contains("a check by a command in the sandbox (pod.check_service)") == true
          && end.message?.contains("allow: hooks") == true, "\(end)")
    }
  }

  @Test(
    "can only use images of the listed registries, whatever name it gives them",
    arguments: MesosHost.linux)
  func images(on host: MesosHost) async throws {
    let id = try await host.engine.docker("image", "inspect", "-f", "{{.Id}}", "pod-test/busybox")
      .output()
    let hex = String(id.dropFirst("sha256:".count))
    for name in ["pod-test/busybox", String(hex.prefix(12)), hex, id] {
      let settings = settings("allow: {registries: [docker.io/library]}\n")
      try await withMesosPod(on: host, file("command: [\"true\"]", image: name), settings) { pod in
        let end = try await pod.ended()
        let message = end.message ?? ""
        #expect(end.state == "TASK_FAILED")
        #expect(
          message.contains("compose.yaml:3:12: ") && message.contains("allow: registries)"),
          "\(name): \(message)")
      }
    }
    // Docker resolves a prefix of an ID to the image, and a name to its own library.
    let settings = settings("allow: {registries: [docker.io/library]}\n")
    let file = file("command: [\"true\"]\npull_policy: never", image: String(hex.prefix(12)))
    try await withMesosPod(on: host, file, settings) { pod in
      let message = try await pod.ended().message ?? ""
      // Other tests push the same image to their own registries.
      #expect(message.contains("which the engine has from "), "\(message)")
    }
  }

  @Test("can use images that no registry has if `local` is listed", arguments: MesosHost.linux)
  func localImages(on host: MesosHost) async throws {
    let word = UUID().uuidString.lowercased()
    try await withTemporaryDirectory { directory in
      // The content is unique, because other tests can push their images.
      try directory.write("Dockerfile", "FROM pod-test/busybox\nLABEL word=\(word)\n")
      let image = "it/local-\(word.prefix(8))"
      try await host.engine.docker("build", "-t", image, directory.path).output()
      for (listed, state) in [("local", "TASK_FINISHED"), ("docker.io/library", "TASK_FAILED")] {
        let settings = settings("allow: {registries: ['\(listed)']}\n")
        try await withMesosPod(on: host, file("command: [\"true\"]", image: image), settings) {
          pod in
          let end = try await pod.ended()
          #expect(end.state == state, "\(end.message ?? "")")
        }
      }
      try await host.engine.docker("rmi", image).output()
    }
  }

  @Test(
    "can have only those images removed that it brought to the host",
    arguments: MesosHost.linux,
    [(true, "missing"), (true, "always"), (false, "always"), (false, "missing")])
  func imagesOfOthers(on host: MesosHost, _ given: (isThere: Bool, pullPolicy: String)) async throws
  {
    try await Registry.lend { registry in
      let engine = host.engine
      let image = try await registry.image(on: engine)
      let location = String(image.prefix { $0 != "/" })
      if given.isThere { try await engine.docker("pull", image).output() }
      var settings = settings("allow: {registries: ['\(location)']}\n")
      settings.make = { id, executor in
        .plain(
          id: id, executor: executor, labels: [("fileName", "compose.yaml"), ("pod.rmi", "all")])
      }
      let file = file("command: [\"true\"]\npull_policy: \(given.pullPolicy)", image: image)
      try await withMesosPod(on: host, file, settings) { pod in
        let end = try await pod.ended()
        #expect(end.state == "TASK_FINISHED", "\(end.message ?? "")")
      }
      let left = try await engine.docker("images", "-q", image).output()
      #expect(left.isEmpty != given.isThere)
      if given.isThere { try await engine.docker("rmi", image).output() }
    }
  }
}
