import Foundation
import TestSupport

/// The output of `docker inspect` for a container.
struct InspectedContainer: Decodable, Sendable {
  struct Configuration: Decodable, Sendable {
    var Labels: [String: String]
    var Tty: Bool
  }
  struct Host: Decodable, Sendable {
    struct Restart: Decodable, Sendable { var Name: String }
    struct Log: Decodable, Sendable {
      var `Type`: String
      var Config: [String: String]
    }
    var RestartPolicy: Restart
    var CgroupParent: String
    var LogConfig: Log
  }
  struct Status: Decodable, Sendable {
    var Running: Bool
    var Pid: Int32
  }
  struct Location: Decodable, Sendable {
    var Name: String?
    var Destination: String
  }
  var Id: String
  var Name: String
  var Config: Configuration
  var HostConfig: Host
  var State: Status
  var Mounts: [Location]

  /// The service of the container.
  var service: String { Config.Labels["com.docker.compose.service"] ?? "" }
}

/// The output of `docker network inspect` or `docker volume inspect`.
struct InspectedObject: Decodable, Sendable {
  var Name: String
  var Labels: [String: String]?
}

extension RunningPod {
  /// The pod's containers by service, found by the run's label.
  func containers() async throws -> [String: InspectedContainer] {
    let left = try await Leftovers.of(run: run, on: engine)
    guard !left.containers.isEmpty else { return [:] }
    let found: [InspectedContainer] = try await inspect(["inspect"] + left.containers)
    return Dictionary(uniqueKeysWithValues: found.map { ($0.service, $0) })
  }

  /// The pod's networks, found by the run's label.
  func networks() async throws -> [InspectedObject] {
    let left = try await Leftovers.of(run: run, on: engine)
    return left.networks.isEmpty ? [] : try await inspect(["network", "inspect"] + left.networks)
  }

  /// The pod's volumes, found by the run's label.
  func volumes() async throws -> [InspectedObject] {
    let left = try await Leftovers.of(run: run, on: engine)
    return left.volumes.isEmpty ? [] : try await inspect(["volume", "inspect"] + left.volumes)
  }

  /// Inspects objects that were listed just before. One that doesn't exist is left out: it has
  /// meanwhile been removed, or is being created. dockerd 20.10 lists a container a few
  /// milliseconds before it can be inspected.
  private func inspect<Value: Decodable>(_ arguments: [String]) async throws -> [Value] {
    var command = engine.docker()
    command.arguments = arguments
    let result = try await command.run()
    let faults = result.stderr.split(separator: "\n").filter {
      !$0.contains("No such") && !$0.contains("no such") && !$0.hasSuffix("not found")
    }
    guard faults.isEmpty else {
      throw CommandFailed(command: arguments.joined(separator: " "), result: result)
    }
    return try JSONDecoder().decode([Value].self, from: Data(result.stdout.utf8))
  }

  /// The services of the existing containers, in any state.
  func services() async throws -> [String] {
    try await engine.docker(
      "ps", "-a", "--filter", "label=mesos.container_id=\(run)", "--format",
      "{{.Label \"com.docker.compose.service\"}}"
    ).output().split(separator: "\n").map(String.init).sorted()
  }
}

/// Facts about a process from /proc.
enum ProcessFacts {
  /// Its start time, in clock ticks since boot.
  static func startTime(_ pid: pid_t) throws -> String {
    let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
    guard let close = stat.lastIndex(of: ")") else { return "" }
    return String(stat[close...].split(separator: " ")[20])
  }

  /// A line of its status in kilobytes, such as `VmHWM`.
  static func kilobytes(_ key: String, of pid: pid_t) throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") } ?? ""
    return line.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }.first ?? 0
  }

  /// This boot's ID.
  static func bootID() throws -> String {
    try String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
