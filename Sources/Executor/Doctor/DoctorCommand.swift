import ArgumentParser
import Glibc
import Linux
import PodIdentity
import Program

/// `compose-executor doctor`: checks a host before its first pod.
struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract:
      "Check a host before its first pod: kernel, engine, disk, agent, pod-reaper, settings.",
    discussion: """
      Prints one line for each check: ok, warn or fail, the finding, and the fix. Nothing on the host is \
      changed. Each probe has a timeout of 2 s; the engine and pod-reaper's program have 4 s. The engine is that of \
      DOCKER_HOST.
      """)

  @Option(help: "The agent's URL. Default: MESOS_AGENT_ENDPOINT, else http://127.0.0.1:5051.")
  var agent: String?

  @Option(help: "The agent's --work_dir. Default: /var/lib/mesos.", completion: .directory)
  var sandbox: String?

  @Option(help: "The format: text, or json (one documented object).")
  var format: Format = .text

  @Option(
    help: "Colors: never, auto (on a terminal, unless NO_COLOR or TERM=dumb is set) or always.",
    completion: .list(AnsiMode.allCases.map(\.rawValue)))
  var ansi: AnsiMode = .auto

  /// The format of the checks.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case text, json
  }

  func run() async throws {
    let environment = ProcessEnvironment.current
    if let agent, ServiceProbes.agentAddress(agent, environment) == nil {
      throw CommandError(
        "--agent takes http://HOST:PORT or https://HOST:PORT, not '\(agent)'", code: 2)
    }
    let examination = Examination(
      agent: agent, sandbox: sandbox, settings: OperatorConfiguration.standardPath,
      environment: environment)
    let report = HostReport(checks: await examination.checks())
    switch format {
    case .json: StandardOutput.write(report.json + "\n")
    case .text:
      StandardOutput.write(
        report.text(
          for: Terminal(descriptor: STDOUT_FILENO, mode: ansi, environment: environment)))
    }
    // A probe that hangs must not delay the exit.
    endProcess(report.result == .fail ? 1 : 0)
  }
}

/// All probes of a host.
struct Examination: Sendable {
  private static let controlDirectory = HostDirectory.path

  /// The value of `--agent`.
  let agent: String?
  /// The value of `--sandbox`.
  let sandbox: String?
  /// The path of the operator's file.
  let settings: String
  let environment: [String: String]

  /// Runs all probes concurrently.
  ///
  /// - Returns: the checks in their order.
  func checks() async -> [HostCheck] {
    async let host = Probing.blocking(["user", "kernel", "proc", "boot", "clock", "cgroups"]) {
      let boot = HostProbes.boot()
      return [
        HostChecks.user(geteuid()), HostChecks.kernel(HostProbes.kernel()),
        HostChecks.processTable(ProcessTableCheck.failure()), HostChecks.boot(boot),
        HostChecks.clock(boot), HostChecks.cgroups(HostProbes.groups()),
      ]
    }
    async let engine = engine()
    async let locations = locations()
    async let files = Probing.blocking(["settings-file", "policy"]) { [settings] in
      let file = HostProbes.file(settings)
      return [HostChecks.settings(settings, file), HostChecks.policy(settings, file)]
    }
    async let mesos = mesos()
    async let reaper = reaper()
    return await host + engine + locations + files + mesos + reaper
  }

  private func engine() async -> [HostCheck] {
    let late = EngineChecks.unreachable(
      "the engine doesn't respond within 4 s", fix: "see its log, and restart it if it hangs")
    // The engine's data directory is inspected under the same deadline.
    return await Probing.run(within: Probing.limit * 2, late: late) { [environment] in
      let (checks, root) = await ServiceProbes.engine(environment)
      guard let root else { return checks }
      return checks
        + (await Probing.blocking(["engine-disk"]) {
          [
            HostChecks.disk(
              "engine-disk", root, HostProbes.disk(root),
              fix: "see docker system df, and free space with docker image prune")
          ]
        })
    }
  }

  private func locations() async -> [HostCheck] {
    let path = sandbox ?? "/var/lib/mesos"
    async let sandboxes = Probing.blocking(["sandbox"]) { [isNamed = sandbox != nil] in
      let location = HostProbes.location(path)
      let check = HostChecks.sandbox(path, isNamed: isNamed, location)
      if location == .missing { return [check] }
      let fix = "free space, or lower the agent's --gc_delay"
      return [check, HostChecks.disk("sandbox-disk", path, HostProbes.disk(path), fix: fix)]
    }
    async let control = Probing.blocking(["control-directory"]) {
      [HostChecks.control(Self.controlDirectory, HostProbes.location(Self.controlDirectory))]
    }
    return await sandboxes + control
  }

  private func mesos() async -> [HostCheck] {
    guard let address = ServiceProbes.agentAddress(agent, environment) else {
      return [
        .warn(
          "agent", "MESOS_AGENT_ENDPOINT isn't an address and port",
          fix: "name the agent with --agent")
      ]
    }
    let late = MesosChecks.Agent.away("no response within 2 s")
    @Sendable func checks(_ agent: MesosChecks.Agent) -> [HostCheck] {
      let isInstalled = access(MesosChecks.hookPath, F_OK) == 0
      return [
        MesosChecks.agent(address.text, agent),
        MesosChecks.hook(agent, isInstalled: isInstalled),
      ]
    }
    return await Probing.run(late: checks(late)) {
      checks(await ServiceProbes.agent(address.endpoint))
    }
  }

  private func reaper() async -> [HostCheck] {
    let named = environment[Lease.variable] ?? ""
    let lease = named.isEmpty ? LeaseProtocol.defaultSocket : named
    // The run directory contains both sockets, unless a setting moves the lease socket.
    let control = lease.prefix(upTo: lease.lastIndex(of: "/") ?? lease.startIndex) + "/reaper.sock"
    async let program = Probing.run(
      within: Probing.limit * 2,
      late: [MesosChecks.program(.silent(path: "pod-reaper", "no response"), own: Version.text)]
    ) { [environment] in
      [
        MesosChecks.program(
          await ServiceProbes.program(in: ServiceProbes.directories(environment)), own: Version.text
        )
      ]
    }
    // Shorter than the limit of the probe, which is abandoned later.
    let limit = Probing.limit * 3 / 4
    async let service = Probing.blocking(["reaper-service"]) {
      [ServiceProbes.service(String(control), own: Version.text, within: limit)]
    }
    async let leases = Probing.blocking(["leases"]) {
      [ServiceProbes.leases(lease, within: limit)]
    }
    return await program + service + leases
  }
}
