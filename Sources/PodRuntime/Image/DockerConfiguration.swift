import Compose
import DockerEngine
import Glibc
import JSON
import Linux
import PodIdentity
import SystemPackage

/// The docker command's configuration: `config.json` in the sandbox's `.docker`, the project's
/// `.docker`, DOCKER_CONFIG and HOME's `.docker`. The first file that has a value wins.
package struct DockerConfiguration: Sendable {
  /// Possible files, in order of precedence.
  let files: [String]
  /// The real paths of the task's directories, whose files the task may have written.
  let taskDirectories: [String]

  /// Creates a configuration from the directories in the environment.
  ///
  /// - Parameters:
  ///   - projectDirectory: the directory of the Compose file.
  ///   - environment: has HOME and DOCKER_CONFIG, and under Mesos the sandbox.
  package init(projectDirectory: String, environment: [String: String]) {
    var directories = [projectDirectory + "/.docker"]
    // The Compose file may be in a subdirectory of the sandbox, with the configuration in the
    // sandbox itself.
    if let sandbox = environment["MESOS_DIRECTORY"], !sandbox.isEmpty, sandbox != projectDirectory {
      directories.insert(sandbox + "/.docker", at: 0)
    }
    var own = [projectDirectory]
    if let sandbox = environment["MESOS_DIRECTORY"], !sandbox.isEmpty { own.append(sandbox) }
    taskDirectories = own.map(RealPath.of)
    if let directory = environment["DOCKER_CONFIG"], !directory.isEmpty {
      directories.append(directory)
    }
    if let home = environment["HOME"], !home.isEmpty { directories.append(home + "/.docker") }
    files = directories.map { $0 + "/config.json" }
  }

  /// An existing configuration file.
  struct File {
    let path: String
    let text: String
    /// Whether the task may have written it.
    let isTasks: Bool
  }

  /// Reads the existing files. A file in a task's directory is skipped if it is a link that leads
  /// out of that directory.
  ///
  /// - Parameter warn: receives a message about a file that isn't read.
  /// - Returns: the files.
  func read(warn: (String) -> Void) -> [File] {
    files.compactMap { file in
      let isNamedSo = taskDirectories.contains {
        RealPath.isPath(Path.clean(file), atOrBelow: $0)
          || RealPath.isPath(
            RealPath.of(Path.directory(of: Path.directory(of: file))), atOrBelow: $0)
      }
      guard isNamedSo else {
        let isTasks = taskDirectories.contains { RealPath.isPath(RealPath.of(file), atOrBelow: $0) }
        return read(file, within: nil, warn).map { File(path: file, text: $0, isTasks: isTasks) }
      }
      return read(file, within: taskDirectories, warn).map {
        File(path: file, text: $0, isTasks: true)
      }
    }
  }

  /// A file's text; nil if there is no file or it can't be read.
  private func read(
    _ file: String, within directories: [String]?, _ warn: (String) -> Void
  ) -> String? {
    do {
      return try TextFile.regular(file, limit: 1 << 20, within: directories)
    } catch Errno.improperLink {
      warn("\(file) isn't read: it is a link that leads out of the task's directory")
    } catch Errno.fileTooLarge {
      warn("\(file) isn't read: it is longer than 1 MiB")
    } catch Errno.invalidArgument, Errno.isDirectory {
      warn("\(file) isn't read: it is not a regular file")
    } catch {
      // Most of the possible files don't exist.
    }
    return nil
  }

  /// The proxy variables for containers and builds, as the docker command sets them: `proxies` of
  /// the first file that has an entry for the engine or for `default`. Each variable is set in
  /// upper and lower case.
  ///
  /// - Parameters:
  ///   - endpoint: the engine.
  ///   - warn: receives a message about a file that can't be read.
  /// - Returns: values by name.
  package func proxies(
    of endpoint: EngineEndpoint, warn: (String) -> Void
  ) -> [String: String] {
    for file in read(warn: warn) {
      do {
        let all =
          try JSONDecoder().decode(Proxies.self, from: Array(file.text.utf8)).proxies ?? [:]
        if let found = all[endpoint.daemonHost] ?? all["default"] { return found.variables }
      } catch {
        warn("proxies in \(file.path) can't be used: not a docker config file in JSON")
      }
    }
    return [:]
  }

  private struct Proxies: Decodable {
    var proxies: [String: Proxy]?
  }

  private struct Proxy: Decodable {
    var httpProxy: String?
    var httpsProxy: String?
    var noProxy: String?
    var ftpProxy: String?
    var allProxy: String?

    var variables: [String: String] {
      let values = [
        "http_proxy": httpProxy, "https_proxy": httpsProxy, "no_proxy": noProxy,
        "ftp_proxy": ftpProxy, "all_proxy": allProxy,
      ]
      return values.reduce(into: [:]) { result, entry in
        guard let value = entry.value, !value.isEmpty else { return }
        result[entry.key] = value
        result[entry.key.uppercased()] = value
      }
    }
  }
}
