import Compose
import DockerEngine
import Foundation
import OrderedCollections
import PodIdentity
import Testing
import YAML

@testable import PodRuntime

/// Plans a Compose file as the executor does.
func planned(_ text: String) throws -> PodPlan {
  let directory = FileManager.default.temporaryDirectory
    .appendingPathComponent("fault-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  let file = directory.appendingPathComponent("compose.yaml").path
  try Data(text.utf8).write(to: URL(fileURLWithPath: file))
  return try plan(
    try ComposeLoader.load(
      LoadOptions(
        files: [file], projectDirectory: nil, projectName: "p", environment: [:],
        fallbackEnvironment: [:], confine: false)))
}

func refused(_ text: String) -> EngineError {
  EngineError(kind: .status(500), method: "POST", path: "/containers/x/start", message: text)
}

@Suite("The engine's error about a container")
struct EngineFaultTests {
  /// Errors of engine 20.10 (with runc 1.1), and of others with different texts, about these lines
  /// below service `a`, and the message's beginning and line.
  static let told: [(lines: String, text: String, line: Int, words: String)] = [
    (
      "command: [/nope]",
      #"failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown"#,
      4, "/nope: no such file or directory in image busybox"
    ),
    (
      "command: [nope]",
      #"OCI runtime create failed: runc create failed: unable to start container process: exec: "nope": executable file not found in $PATH: unknown"#,
      4, "nope: not found in the PATH of image busybox"
    ),
    (
      "command: [nope]",
      #"OCI runtime create failed: container_linux.go:349: starting container process caused "exec: \"nope\": executable file not found in $PATH": unknown"#,
      4, "nope: not found in the PATH of image busybox"
    ),
    (
      "command: [/nope]",
      #"oci runtime error: container_linux.go:247: starting container process caused "exec: \"/nope\": stat /nope: no such file or directory""#,
      4, "/nope: no such file or directory in image busybox"
    ),
    (
      "entrypoint: [/nope, x]\n    command: [y]",
      #"unable to start container process: exec: "/nope": stat /nope: no such file or directory: unknown"#,
      4, "/nope: no such file or directory in image busybox"
    ),
    (
      "command: [/etc/passwd]",
      #"unable to start container process: exec: "/etc/passwd": permission denied: unknown"#, 4,
      "/etc/passwd: not executable in image busybox"
    ),
    (
      "command: [/a]", "standard_init_linux.go:228: exec user process caused: exec format error", 4,
      "a program of image busybox is for another processor, or is not a program"
    ),
    (
      "user: x", "No command specified", 3, "image busybox has no default command: set `command`"
    ),
    ("user: x", "No such image: busybox:latest", 3, "image busybox no longer exists"),
    (
      "platform: linux/s390x",
      "image with reference busybox was found but does not match the specified platform: wanted linux/s390x, actual: linux/amd64",
      4, "image busybox is for another platform"
    ),
    (
      "devices:\n      - /dev/null\n      - /dev/nope:/dev/x",
      #"error gathering device information while adding custom device "/dev/nope": no such file or directory"#,
      6, "this host has no device /dev/nope"
    ),
    (
      "gpus: all", #"could not select device driver "" with capabilities: [[gpu]]"#, 4,
      "this engine has no driver for such devices"
    ),
    (
      "logging:\n      driver: json-file\n      options:\n        nope: x",
      "unknown log opt 'nope' for json-file log driver", 7, "the log driver has no option 'nope'"
    ),
    (
      "logging:\n      driver: nope", "logger: no log driver named 'nope' is registered", 5,
      "this engine has no log driver 'nope'"
    ),
    (
      "logging:\n      driver: nope",
      #"error looking up logging plugin nope: plugin "nope" not found"#, 5,
      "this engine has no log driver 'nope'"
    ),
    (
      "logging:\n      driver: fluentd",
      "failed to initialize logging driver: dial tcp 127.0.0.1:1: connect: connection refused", 5,
      "the log driver can't be used with these options"
    ),
    ("runtime: nope", "Unknown runtime specified nope", 4, "this engine has no runtime 'nope'"),
    (
      "storage_opt: {size: 1G}",
      "--storage-opt is supported only for overlay over xfs with 'pquota' mount option", 4,
      "this host's storage can't limit a container's size"
    ),
    (
      "storage_opt:\n      nope: 1G", "Unknown option nope", 5,
      "the storage driver has no option 'nope'"
    ),
    (
      "sysctls:\n      kernel.nope: 1",
      #"runc create failed: sysctl "kernel.nope" is not in a separate kernel namespace: unknown"#,
      5,
      "the sysctl kernel.nope can't be set for a container alone"
    ),
    (
      "sysctls:\n      net.nope: 1",
      "error during container init: open /proc/sys/net/nope: no such file or directory: unknown", 4,
      "the kernel has no sysctl net/nope in a container's namespace"
    ),
    (
      "ulimits: {nope: 1}", "runc create failed: wrong rlimit value: RLIMIT_NOPE: unknown", 4,
      "there is no ulimit NOPE"
    ),
    (
      "ulimits: {nofile: 1}",
      "error setting rlimits for ready process: error setting rlimit type 7: operation not permitted: unknown",
      4, "a limit is higher than the limit of the kernel or the engine"
    ),
    (
      "user: nope", "unable to find user nope: no matching entries in passwd file", 4,
      "image busybox has no user 'nope' in its /etc/passwd"
    ),
    (
      "group_add: [nope]", "Unable to find group nope: no matching entries in group file", 4,
      "image busybox has no group 'nope' in its /etc/group"
    ),
    (
      "working_dir: /etc/passwd", "Cannot mkdir: /etc/passwd is not a directory", 4,
      "`working_dir` is not a directory in image busybox"
    ),
    (
      "working_dir: rel",
      "the working directory 'rel' is invalid, it needs to be an absolute path", 4,
      "`working_dir` must be absolute, not 'rel'"
    ),
    (
      "networks:\n      m: {}\n      n:\n        ipv4_address: 10.99.0.5",
      "Invalid address 10.99.0.5: It does not belong to any of this network's subnets", 7,
      "the address 10.99.0.5 is outside the network's subnet"
    ),
    (
      "networks:\n      n:\n        ipv4_address: 10.99.0.5",
      "user specified IP address is supported only when connecting to networks with user configured subnets",
      6, "a fixed address needs a network whose subnet is set in the file (`ipam`)"
    ),
    (
      "networks:\n      n:\n        ipv4_address: 10.99.0.5", "Address already in use", 6,
      "a fixed address is in use"
    ),
    (
      "mac_address: aa:00:00:00:00:01", "address zz:00: invalid MAC address", 4,
      "the MAC address isn't valid"
    ),
    (
      "volumes:\n      - {type: bind, source: /nope/dir, target: /v}",
      #"invalid mount config for type "bind": bind source path does not exist: /nope/dir"#, 5,
      "/nope/dir doesn't exist on this host"
    ),
    (
      "volumes:\n      - /tmp:/etc/passwd",
      #"error during container init: error mounting "/tmp" to rootfs at "/etc/passwd": mount /tmp:/etc/passwd (via /proc/self/fd/6), flags: 0x5000: not a directory: unknown: Are you trying to mount a directory onto a file (or vice-versa)? Check if the specified host path exists and is the expected type"#,
      5, "/tmp is a directory where the image has a file, or the other way round"
    ),
    (
      "cpuset: '77'",
      "Requested CPUs are not available - requested 77, available: 0-1", 4,
      "this host doesn't have these processors"
    ),
    (
      "cpus: 99", "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available", 4,
      "this host has fewer processors"
    ),
    (
      "mem_limit: 1m", "Minimum memory limit allowed is 6MB", 4,
      "the memory limit is below the engine's minimum"
    ),
    (
      "cap_add: [NOPE]", #"invalid CapAdd: unknown capability: "CAP_NOPE""#, 4,
      "there is no such capability"
    ),
    ("stop_signal: NOPE", "Invalid signal: NOPE", 4, "there is no signal NOPE"),
    (
      "network_mode: nope", "network nope not found", 4, "this host has no network 'nope'"
    ),
    (
      "volumes_from: ['container:nope']", "No such container: nope", 4,
      "this host has no container 'nope'"
    ),
    (
      "extra_hosts: ['x:1.2.3.4']", #"invalid IP address in add-host: "banana""#, 4,
      "an address isn't valid"
    ),
  ]

  @Test("is reported with the line at fault, and the engine's text last", arguments: told)
  func lines(lines: String, text: String, line: Int, words: String) throws {
    let plan = try planned(
      """
      services:
        a:
          image: busybox
          \(lines)
      networks: {n: {}, m: {}}
      """)
    let error = try #require(
      plan.containers[0].explain(refused(text), doing: "started") as? DiagnosticError)
    #expect(error.message.hasPrefix("service 'a' can't be started: \(words)"), "\(error)")
    #expect(error.message.hasSuffix("(engine: \(text))"), "\(error)")
    #expect(error.position?.line == line, "\(error)")
  }

  @Test("is reported unchanged if it is unknown, with the service's line")
  func unknown() throws {
    let plan = try planned("services:\n  a:\n    image: busybox\n")
    let error = try #require(
      plan.containers[0].explain(refused("the moon is full"), doing: "created") as? DiagnosticError)
    #expect(error.message == "service 'a' can't be created: the moon is full")
    #expect(error.position?.line == 2)
  }

  @Test("about a volume that can't be mounted has the location of the volume's options")
  func volume() throws {
    let plan = try planned(
      """
      services:
        a:
          image: busybox
          volumes: [data:/v]
      volumes:
        data:
          driver_opts: {type: nfs, o: addr=127.0.0.1, device: ":/x"}
      """)
    let name = try #require(plan.volumes[0].name)
    let text =
      "error while mounting volume '/var/lib/docker/volumes/\(name)/_data': failed to mount local volume: "
      + "mount :/x:/var/lib/docker/volumes/\(name)/_data, data: addr=127.0.0.1: connection refused"
    let error = try #require(
      plan.containers[0].explain(refused(text), doing: "started") as? DiagnosticError)
    #expect(
      error.message.hasPrefix("service 'a' can't be started: its volume can't be mounted"),
      "\(error)")
    #expect(error.position?.line == 7, "\(error)")
  }

  @Test("has no location if the engine didn't respond")
  func away() throws {
    let plan = try planned("services:\n  a:\n    image: busybox\n")
    let error = EngineError(kind: .timedOut, message: "no response within 60 s")
    let failure = try #require(
      plan.containers[0].explain(error, doing: "started") as? StartFailure)
    #expect(failure.isEngineAway)
  }
}
