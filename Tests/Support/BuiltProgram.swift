import Foundation

/// Where the programs that are tested lie.
public enum BuiltProgram {
  /// The path of `compose-executor`: COMPOSE_EXECUTOR if it is set, else what `swift build` made beside
  /// the tests.
  public static let composeExecutor =
    ProcessInfo.processInfo.environment["COMPOSE_EXECUTOR"] ?? beside("compose-executor")

  /// The path of `pod-reaper`: POD_REAPER if it is set, else what `swift build` made beside the tests.
  public static let podReaper =
    ProcessInfo.processInfo.environment["POD_REAPER"] ?? beside("pod-reaper")

  /// The path of one of the programs that are shipped: in the directory OLD_LINUX_PROGRAMS if it is set, such as that of a
  /// release build, else what `swift build` made beside the tests. Tests of what old hosts lack run these.
  public static func shipped(_ name: String) -> String {
    guard let folder = ProcessInfo.processInfo.environment["OLD_LINUX_PROGRAMS"], !folder.isEmpty
    else { return beside(name) }
    return "\(folder)/\(name)"
  }

  /// The path of a program in the folder that the running tests were built into.
  public static func beside(_ name: String) -> String {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent()
      .appendingPathComponent(name).path
  }
}
