import Foundation

/// The paths of the programs under test.
package enum BuiltProgram {
  /// The path of `compose-executor`: COMPOSE_EXECUTOR if it is set, otherwise the program that
  /// `swift build` created beside the tests.
  package static let composeExecutor =
    ProcessInfo.processInfo.environment["COMPOSE_EXECUTOR"] ?? beside("compose-executor")

  /// The path of `pod-reaper`: POD_REAPER if it is set, otherwise the program that `swift build`
  /// created beside the tests.
  package static let podReaper =
    ProcessInfo.processInfo.environment["POD_REAPER"] ?? beside("pod-reaper")

  /// The path of a shipped program: in the directory OLD_LINUX_PROGRAMS if it is set (such as the
  /// directory of a release build), otherwise the program that `swift build` created beside the
  /// tests. Tests for features that old hosts lack run these programs.
  package static func shipped(_ name: String) -> String {
    guard let directory = ProcessInfo.processInfo.environment["OLD_LINUX_PROGRAMS"],
      !directory.isEmpty
    else { return beside(name) }
    return "\(directory)/\(name)"
  }

  /// The path of a program in the directory of the running test program.
  package static func beside(_ name: String) -> String {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent()
      .appendingPathComponent(name).path
  }
}
