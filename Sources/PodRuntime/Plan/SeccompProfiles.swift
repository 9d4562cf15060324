import Compose
import DockerEngine
import JSON
import Linux
import SystemPackage
import YAML

/// Seccomp profiles: the client reads the file, and the engine gets its text.
enum SeccompProfiles {
  /// Replaces the path of each profile by the profile's text without blanks.
  ///
  /// - Parameters:
  ///   - plan: the pod's plan.
  ///   - directory: the directory that relative paths resolve against.
  ///   - roots: the real paths of the directories that may contain profiles; nil for any.
  /// - Throws: `DiagnosticError` with the option's line if the file can't be read, isn't JSON, or
  ///   would block the engine.
  static func inline(
    in plan: inout PodPlan, directory: String, within roots: [String]?
  ) throws(DiagnosticError) {
    for index in plan.containers.indices {
      guard let options = plan.containers[index].create.hostConfig?.securityOpt else { continue }
      var resolved: [String] = []
      for option in options {
        guard let path = path(in: option) else {
          resolved.append(option)
          continue
        }
        let location = plan.containers[index].service.securityOpt.first { $0.value == option }
        let whole = path.hasPrefix("/") ? path : directory + "/" + path
        resolved.append("seccomp=" + (try profile(at: whole, location?.position, within: roots)))
      }
      plan.containers[index].create.hostConfig?.securityOpt = resolved
    }
  }

  /// The profile's path in an option; nil for other options.
  static func path(in option: String) -> String? {
    guard option.hasPrefix("seccomp=") || option.hasPrefix("seccomp:") else { return nil }
    let path = String(option.dropFirst("seccomp=".count))
    return path == "unconfined" || path == "builtin" ? nil : path
  }

  static func profile(
    at path: String, _ position: SourcePosition?, within roots: [String]?
  ) throws(DiagnosticError) -> String {
    let text: String
    do {
      text = try TextFile.regular(path, limit: 1 << 20, within: roots)
    } catch Errno.fileTooLarge {
      throw DiagnosticError("the seccomp profile \(path) is longer than 1 MiB", at: position)
    } catch {
      throw DiagnosticError("the seccomp profile \(path) can't be read", at: position)
    }
    let json = Array(text.utf8)
    struct Anything: Decodable {}
    guard (try? JSONDecoder().decode(Anything.self, from: json)) != nil else {
      throw DiagnosticError("the seccomp profile \(path) isn't JSON", at: position)
    }
    if let fault = (try? JSONDecoder().decode(Profile.self, from: json))?.fault {
      throw DiagnosticError("the seccomp profile \(path) \(fault)", at: position)
    }
    return compact(text)
  }

  /// The parts of a profile that can crash or block the engine.
  private struct Profile: Decodable {
    struct Rule: Decodable {
      struct Argument: Decodable {}
      var names: [String]?
      var name: String?
      var action: String?
      var args: [Argument?]?
    }
    var defaultAction: String?
    var syscalls: [Rule?]?

    /// Why no container may be started with the profile; nil if it is safe.
    var fault: String? {
      let rules = syscalls ?? []
      if rules.contains(where: { $0 == nil || $0?.args?.contains { $0 == nil } == true }) {
        return "has an empty entry in `syscalls`, which crashes the engine"
      }
      // runc continues with only some of its threads, and the start never completes.
      let kills = ["SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD"].contains(defaultAction)
      let starts = rules.contains { rule in
        rule?.action == "SCMP_ACT_ALLOW"
          && ((rule?.names ?? []) + [rule?.name ?? ""]).contains { $0 == "execve" }
      }
      guard kills, !starts else { return nil }
      return "kills processes that call execve, so that a start in the engine never completes"
    }
  }

  /// JSON without blanks outside of strings.
  static func compact(_ json: String) -> String {
    var isInString = false
    var isEscaped = false
    var bytes: [UInt8] = []
    for byte in json.utf8 {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
      } else if byte == UInt8(ascii: "\"") {
        isInString = true
      } else if [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
        continue
      }
      bytes.append(byte)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
