import Compose
import Glibc
import Linux

/// Where programs of the host are found, and what they see.
///
/// Under a policy a task has no say in that: neither its PATH, nor a variable that the loader, the shell or the docker
/// command goes by, reaches a program that may be root's.
struct HostPrograms: Sendable {
  /// Directories that are looked through; nil for those of the task's PATH.
  let folders: [String]?
  /// Whether tasks are restricted.
  let isRestricted: Bool
  /// The real paths of directories whose files are the task's.
  let taskFolders: [String]

  /// Takes the operator's word.
  ///
  /// - Parameters:
  ///   - policy: what a pod may ask of the host.
  ///   - path: the operator's `program-path`; nil for none.
  ///   - taskFolders: directories whose files are the task's.
  init(policy: PodPolicy, path: [String]?, taskFolders: [String]) {
    isRestricted = policy.isRestricted
    folders = path ?? (policy.isRestricted ? TrustedPrograms.folders : nil)
    self.taskFolders = taskFolders.map(RealPath.of)
  }

  /// A program as it is to be started.
  ///
  /// - Parameter name: its name.
  /// - Returns: its path, or the name where the task's PATH decides; nil where the directories don't have it.
  func find(_ name: String) -> String? {
    guard let folders else { return name }
    return TrustedPrograms.find(name, in: folders)
  }

  /// The environment of a program.
  ///
  /// - Parameters:
  ///   - all: the task's.
  ///   - named: variables that the program was told to read.
  /// - Returns: all of it, but for PATH, without a policy; with one what is harmless.
  func environment(_ all: [String: String], named: Set<String> = []) -> [String: String] {
    var result = all
    if isRestricted {
      result = all.filter { name, value in
        if name == "DOCKER_CONFIG" { return isOperators(value) }
        return Self.isHarmless(name) || named.contains(name) && !Self.leadsPrograms(name)
      }
    }
    if let folders { result["PATH"] = folders.joined(separator: ":") }
    if isRestricted { result.merge(Self.withoutGit) { $1 } }
    return result
  }

  /// Keeps git out of a build's context: buildx asks it about the commit there, and the `.git` of a context may name programs
  /// that git then runs.
  private static let withoutGit = [
    "BUILDX_GIT_INFO": "0", "BUILDX_GIT_LABELS": "0", "GIT_NO_LAZY_FETCH": "1",
  ]

  /// Variables that say which task and which engine it is.
  private static func isHarmless(_ name: String) -> Bool {
    let names = [
      "DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION",
      "DOCKER_BUILDKIT",
      "TZ", "LANG", "TASK_ID",
    ]
    return names.contains(name)
      || ["MESOS_", "LIBPROCESS_IP", "LC_"].contains(where: name.hasPrefix)
  }

  /// Variables that the loader, shells and programs go by: none of them is ever a build's own.
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

  /// Whether a directory is the operator's: root's all the way up, and none of the task's. The docker command runs
  /// programs that a DOCKER_CONFIG has in `cli-plugins`.
  private func isOperators(_ folder: String) -> Bool {
    guard folder.hasPrefix("/"), !isTasks(folder) else { return false }
    var path = RealPath.of(folder)
    while true {
      var status = stat()
      guard stat(path, &status) == 0, status.st_uid == 0 else { return false }
      if status.st_mode & 0o022 != 0, status.st_mode & S_ISVTX == 0 { return false }
      if path == "/" { return true }
      path = Path.folder(of: path)
    }
  }

  /// Whether a path is below one of the task's directories, links followed.
  func isTasks(_ path: String) -> Bool {
    let real = RealPath.of(path)
    return taskFolders.contains { RealPath.isPath(real, atOrBelow: $0) }
  }
}
