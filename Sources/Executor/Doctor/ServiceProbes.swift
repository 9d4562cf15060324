import DockerEngine
import Glibc
import HTTPClient
import JSON
import Linux
import PodIdentity
import PodRuntime

/// Probes the engine, the agent and pod-reaper.
enum ServiceProbes {
  /// Requests an engine's properties and networks.
  ///
  /// - Parameter environment: contains the engine's address.
  /// - Returns: the checks, and the engine's data directory where it is on this host.
  static func engine(
    _ environment: [String: String]
  ) async -> (checks: [HostCheck], dataRoot: String?) {
    let engine: DockerEngine
    do {
      engine = try DockerEngine(environment: environment, requestTimeout: Probing.limit)
    } catch {
      return (EngineChecks.unreachable("\(error)", fix: "correct the variable"), nil)
    }
    do {
      let ping = try await engine.ping()
      async let information = engine.info()
      async let networks = engine.listNetworks()
      let info = try await information
      let groups = HostProbes.groups()
      let pools = info.addressPools.compactMap { AddressPools.Pool($0.base, size: $0.size) }
      let checks = EngineChecks.checks(
        EngineChecks.Engine(
          address: "\(engine.endpoint)", version: info.serverVersion,
          api: "\(ping.engineAPIVersion)",
          isLocal: engine.endpoint.isLocal, isPodman: info.isPodman,
          storageDriver: info.storageDriver, cgroupDriver: info.cgroupDriver,
          cgroupVersion: info.cgroupVersion, isRestoring: info.liveRestoreEnabled,
          hostHasSystemd: access("/run/systemd/system", F_OK) == 0,
          hostVersions: groups?.versions ?? [],
          pools: pools.isEmpty ? .standard : AddressPools(pools: pools),
          used: try await networks.flatMap(\.subnets) + HostRoutes.texts()))
      return (checks, engine.endpoint.isLocal ? info.dockerRootDir : nil)
    } catch {
      let away = (error as? EngineError)?.isEngineAway ?? false
      let fix =
        away
        ? "start it, or name another with DOCKER_HOST"
        : "see its log, and docs/reference/engines.md"
      return (EngineChecks.unreachable("\(error)", fix: fix), nil)
    }
  }

  /// The address of the agent.
  ///
  /// - Parameters:
  ///   - option: the value of `--agent`.
  ///   - environment: the environment that an agent sets for executors.
  /// - Returns: the address as it is printed, and the endpoint; nil where the text is not an
  ///   address.
  static func agentAddress(
    _ option: String?, _ environment: [String: String]
  ) -> (text: String, endpoint: HTTPEndpoint)? {
    var text = option ?? environment["MESOS_AGENT_ENDPOINT"] ?? "127.0.0.1:5051"
    if !text.contains("://") { text = "http://" + text }
    let isTLS = text.hasPrefix("https://")
    let rest = text.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" }
    guard isTLS || text.hasPrefix("http://"), let colon = rest.lastIndex(of: ":"),
      let port = Int(rest[rest.index(after: colon)...]), 1...65_535 ~= port
    else { return nil }
    let host = rest[..<colon].filter { $0 != "[" && $0 != "]" }
    if host.isEmpty { return nil }
    let tls = isTLS ? TLSFiles(authorities: environment["LIBPROCESS_SSL_CA_FILE"]) : nil
    return (text, HTTPEndpoint(transport: .tcp(host: host, port: port), tls: tls))
  }

  /// Requests the flags of an agent (Mesos, "HTTP endpoints", /flags).
  static func agent(_ endpoint: HTTPEndpoint) async -> MesosChecks.Agent {
    struct Flags: Decodable { let flags: [String: String] }
    do {
      let response = try await HTTPClient().send(
        HTTPRequest(
          endpoint: endpoint, method: "GET", path: "/flags", connectTimeout: Probing.limit,
          timeout: Probing.limit))
      guard response.head.status == 200 else { return .refused(status: response.head.status) }
      let document = try? JSONDecoder().decode(Flags.self, from: response.body)
      return document.map { .flags($0.flags) } ?? .other
    } catch let error as HTTPError {
      return .away("\(error)")
    } catch {
      return .away("the request was canceled")
    }
  }

  /// The directories to search for pod-reaper: this program's own, then those of PATH.
  static func directories(_ environment: [String: String]) -> [String] {
    let own = TextFile.linkTarget("/proc/self/exe") ?? ""
    let path = (environment["PATH"] ?? "").split(separator: ":").map(String.init)
    return [String(own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex))]
      + path.filter { $0.hasPrefix("/") }
  }

  /// Finds pod-reaper in directories and runs it to get its version.
  static func program(in directories: [String]) async -> MesosChecks.Program {
    guard let program = TrustedPrograms.find("pod-reaper", in: directories) else { return .missing }
    do {
      let pipe = try BoundedPipe(most: 256)
      let process = SupervisedProcess(program, ["--version"], environment: [:], directory: "/")
      let ending = try await process.run(within: Probing.limit, output: pipe.writer)
      pipe.finish()
      let text = String(decoding: await pipe.bytes().bytes, as: UTF8.self)
      guard let ending else { return .silent(path: program, "no response within 2 s") }
      guard ending == .exited(0) else { return .silent(path: program, "\(ending)") }
      return .version(path: program, String(text.prefix { !$0.isNewline }))
    } catch {
      return .silent(path: program, "\(error)")
    }
  }

  /// Requests the state of the running pod-reaper.
  ///
  /// - Parameters:
  ///   - control: its control socket.
  ///   - own: this program's version.
  ///   - limit: the time limit for its reply.
  /// - Returns: the check.
  static func service(_ control: String, own: String, within limit: Duration) -> HostCheck {
    struct Response: Decodable {
      let healthy: Bool
      let problem: String?
      let version: String?
    }
    let reply = Probing.query(control, "service", within: limit)
    var service: MesosChecks.Service?
    if case .text(let text) = reply,
      let response = try? JSONDecoder().decode(Response.self, from: Array(text.utf8))
    {
      service = MesosChecks.Service(
        isHealthy: response.healthy, problem: response.problem, version: response.version)
    }
    return MesosChecks.service(control, reply, service, own: own)
  }

  /// Requests a lease and releases it immediately.
  ///
  /// - Parameters:
  ///   - path: the lease socket.
  ///   - limit: the time limit for the reply.
  /// - Returns: the check.
  static func leases(_ path: String, within limit: Duration) -> HostCheck {
    let reply = Probing.query(
      path, LeaseProtocol.request(run: "doctor-\(getpid())"), goodbye: LeaseProtocol.release,
      within: limit)
    return MesosChecks.leases(path, reply, accepted: LeaseProtocol.accepted)
  }
}
