/// Failure causes that have one known fix, recognized in the text of the engine, of a registry, or
/// of the failed program.
///
/// The texts are those of engines 1.13 to 28, in lower case. All texts of one inner list must
/// occur.
enum CommonCause: String, CaseIterable, Sendable {
  case credentials, rateLimit, platform, imageMissing
  case registryName, registryCertificate, registryWithoutTLS, registryAway
  case space, addressPools, hostPort, servicePort
  case architecture, interpreter, notInPath, notExecutable, kindOfMount
  case memory, commandMissing

  /// The fix.
  var hint: String {
    switch self {
    case .credentials:
      "check the image's name; a private one needs credentials: .docker/config.json in the sandbox, or DOCKER_CONFIG"
    case .rateLimit:
      "the registry limits pulls: give it credentials, or use a mirror (registry-mirrors in daemon.json)"
    case .platform:
      "the image doesn't exist for this host's processor: build it for this processor too, or remove platform"
    case .imageMissing: "the registry has no such name or tag: check both"
    case .registryName:
      "the engine's host can't resolve the registry's name: check the name, and the host's DNS"
    case .registryCertificate:
      "the engine doesn't trust the registry: put its CA certificate into /etc/docker/certs.d/REGISTRY/ca.crt on this host"
    case .registryWithoutTLS:
      "the registry has no TLS: give it a certificate, or list it under insecure-registries in daemon.json"
    case .registryAway:
      "the engine can't reach the registry: check its address, the network, and the engine's proxy"
    case .space:
      "a disk is full: free space where the engine, the volume or the tmpfs is (docker system df, docker system prune)"
    case .addressPools:
      "run docker network prune; services that share a network namespace need no subnet (pod.share: net); for more subnets set "
        + #""default-address-pools": [{"base": "10.128.0.0/10", "size": 24}] in /etc/docker/daemon.json"#
    case .hostPort:
      "stop what uses it, or publish another port; under Mesos publish the offered ports (${PORT0}:80)"
    case .servicePort:
      "services that share a network namespace, or the host's, share its ports: give each service another port"
    case .architecture:
      "the program is for another processor, or a script without #! in its first line: use an image for this host's processor"
    case .interpreter:
      "the path is wrong, or the image lacks the program's interpreter (#!) or loader"
    case .notInPath:
      "the image has no such program: check command, entrypoint or test, and the image"
    case .notExecutable:
      "make it executable in the image (chmod +x), or start it with its interpreter; check for a noexec mount, and the permissions of user"
    case .kindOfMount:
      "a file is mounted onto a directory, or the other way round; the engine creates a missing source as a directory"
    case .memory:
      "raise the limit that it reached (mem_limit, or the task's mem), or reduce its memory use"
    case .commandMissing:
      "a shell exits with 127 if a program that it calls isn't in the image or in its PATH"
    }
  }

  /// The texts of an engine or registry that reveal the cause.
  private var signs: [[String]] {
    switch self {
    case .credentials:
      [
        ["pull access denied"], ["requested access to the resource is denied"], ["unauthorized"],
        ["no basic auth credentials"], ["authentication required"],
        ["incorrect username or password"], ["authorization failed"],
        ["insufficient_scope"], [": denied"],
      ]
    case .rateLimit: [["toomanyrequests"], ["429 too many requests"]]
    case .platform:
      [
        ["no matching manifest for"], ["no match for platform in manifest"],
        ["does not match the specified platform"],
        ["does not provide the specified platform"],
        ["image operating system", "cannot be used on this platform"],
      ]
    case .imageMissing:
      [
        ["manifest unknown"], ["manifest for", "not found"], ["can't be pulled", ": not found"],
        ["can't be pulled", "repository", "not found"],
        ["failed to resolve", "not found"], ["name unknown"],
      ]
    case .registryName: [["no such host"], ["server misbehaving"], ["name resolution"]]
    case .registryCertificate: [["x509:"], ["certificate signed by unknown authority"]]
    case .registryWithoutTLS: [["server gave http response to https client"]]
    case .registryAway:
      [
        ["connection refused"], ["i/o timeout"], ["deadline exceeded"], ["client.timeout"],
        ["no route to host"], ["network is unreachable"], ["connection reset"],
        ["tls handshake timeout"], [": eof"],
      ]
    case .space: [["no space left on device"], ["disk quota exceeded"]]
    case .addressPools:
      [
        ["non-overlapping ipv4 address pool"], ["all predefined address pools"],
      ]
    case .hostPort:
      [
        ["host port", "already in use"], ["port is already allocated"],
        ["failed to bind host port"], ["userland proxy", "address already in use"],
      ]
    case .servicePort: []
    case .architecture: [["exec format error"]]
    case .interpreter: [["exec: \"", "no such file or directory"]]
    case .notInPath: [["executable file not found in $path"]]
    case .notExecutable: [["exec: \"", "permission denied"]]
    case .kindOfMount:
      [
        ["mount a directory onto a file"], ["mounting", "not a directory"],
        ["mounting", "is a directory"],
      ]
    case .memory: [["was killed for memory"]]
    case .commandMissing: []
    }
  }

  /// The texts in the output of a failed process that reveal the cause.
  private var outputSigns: [String] {
    switch self {
    case .space: ["no space left on device", "disk quota exceeded"]
    case .servicePort: ["address already in use", "address in use", "eaddrinuse"]
    case .architecture: ["exec format error"]
    default: []
    }
  }

  /// Whether the cause applies to images only: elsewhere the same text has another cause.
  private var isOfImages: Bool {
    switch self {
    case .credentials, .rateLimit, .imageMissing, .registryName, .registryCertificate,
      .registryWithoutTLS, .registryAway:
      true
    default: false
    }
  }

  /// Finds the common cause of a failure.
  ///
  /// - Parameters:
  ///   - cause: the failure's text, which includes the engine's.
  ///   - exitCode: the exit code of the process, if one exited.
  ///   - output: the last lines of that process's output.
  /// - Returns: the cause; nil if the failure has no common cause.
  static func find(cause: String, exitCode: Int? = nil, output: [String] = []) -> CommonCause? {
    // Engines up to 19.03 quote the runtime's text and escape the quotes in it.
    let text = cause.lowercased().replacing("\\\"", with: "\"")
    let isOfImages = text.contains("can't be pulled") || text.contains("can't be built")
    for common in allCases where isOfImages || !common.isOfImages {
      if common.signs.contains(where: { $0.allSatisfy(text.contains) }) { return common }
    }
    guard let exitCode, exitCode != 0 else { return nil }
    let lines = output.map { $0.lowercased() }
    for common in allCases {
      let signs = common.outputSigns
      if lines.contains(where: { line in signs.contains(where: line.contains) }) { return common }
    }
    switch exitCode {
    case 126: return .notExecutable
    case 127: return .commandMissing
    default: return nil
    }
  }
}
