import Compose
import Glibc
import Linux

/// How programs of the host are found, and their environment.
///
/// Under a policy the task can't influence either: its PATH, and its variables that control the
/// loader, the shell or the docker command, don't reach a program that may run as root.
struct HostPrograms: Sendable {
  /// Directories to search; nil for the task's PATH.
  let directories: [String]?
  /// Whether tasks are restricted.
  let isRestricted: Bool
  /// The real paths of the directories whose files the task may have written.
  let taskDirectories: [String]

  /// Creates the search from the operator's settings.
  ///
  /// - Parameters:
  ///   - policy: what a pod may request of the host.
  ///   - path: the operator's `program-path`; nil for none.
  ///   - taskDirectories: directories whose files the task may have written.
  init(policy: PodPolicy, path: [String]?, taskDirectories: [String]) {
    isRestricted = policy.isRestricted
    directories = path ?? (policy.isRestricted ? TrustedPrograms.directories : nil)
    self.taskDirectories = taskDirectories.map(RealPath.of)
  }

  /// The path or name by which to start a program.
  ///
  /// - Parameter name: its name.
  /// - Returns: its path, or the name if the task's PATH applies; nil if the directories don't have
  ///   it.
  func find(_ name: String) -> String? {
    guard let directories else { return name }
    return TrustedPrograms.find(name, in: directories)
  }

  /// The environment of a program.
  ///
  /// - Parameters:
  ///   - all: the task's environment.
  ///   - named: variables that the program was configured to read.
  /// - Returns: without a policy the whole environment, except for PATH; under a policy its
  ///   harmless variables.
  func environment(_ all: [String: String], named: Set<String> = []) -> [String: String] {
    var result = all
    if isRestricted {
      result = all.filter { name, value in
        if name == "DOCKER_CONFIG" { return isOperators(value) }
        return Self.isHarmless(name) || named.contains(name) && !Self.leadsPrograms(name)
      }
    }
    if let directories { result["PATH"] = directories.joined(separator: ":") }
    if isRestricted { result.merge(Self.withoutGit) { $1 } }
    return result
  }

  /// Disables git for a build's context: buildx runs git to find the context's commit, and the
  /// context's `.git` may name programs that git then runs.
  private static let withoutGit = [
    "BUILDX_GIT_INFO": "0", "BUILDX_GIT_LABELS": "0", "GIT_NO_LAZY_FETCH": "1",
  ]

  /// Variables that identify the task and the engine.
  private static func isHarmless(_ name: String) -> Bool {
    let names = [
      "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION",
      "DOCKER_BUILDKIT",
      "TZ", "LANG", "TASK_ID",
    ]
    return names.contains(name)
      || ["MESOS_", "LIBPROCESS_IP", "LC_"].contains(where: name.hasPrefix)
  }

  /// Variables that control the loader, shells and programs. No build needs one of them.
  private static func leadsPrograms(_ name: String) -> Bool {
    let names = [
      "PATH", "HOME", "ENV", "BASH_ENV", "IFS", "SHELLOPTS", "GCONV_PATH", "LOCPATH", "NLSPATH",
      "GODEBUG", "TMPDIR",
    ]
    let starts = [
      "LD_", "DOCKER_", "BUILDX_", "BUILDKIT_", "GO", "SSL_", "XDG_", "OTEL_", "GIT_", "SSH_",
      "PYTHON", "PERL",
    ]
    return names.contains(name) || starts.contains(where: name.hasPrefix)
      || name.lowercased().hasSuffix("_proxy")
  }

  /// Whether a directory is the operator's: owned by root, with all its parents, and not the
  /// task's. The docker command runs programs from `cli-plugins` of a DOCKER_CONFIG.
  private func isOperators(_ directory: String) -> Bool {
    guard directory.hasPrefix("/"), !isTasks(directory) else { return false }
    var path = RealPath.of(directory)
    while true {
      var status = stat()
      guard stat(path, &status) == 0, status.st_uid == 0 else { return false }
      if status.st_mode & 0o022 != 0, status.st_mode & S_ISVTX == 0 { return false }
      if path == "/" { return true }
      path = Path.directory(of: path)
    }
  }

  /// Whether a path is below one of the task's directories, with links resolved.
  func isTasks(_ path: String) -> Bool {
    let real = RealPath.of(path)
    return taskDirectories.contains { RealPath.isPath(real, atOrBelow: $0) }
  }
}
