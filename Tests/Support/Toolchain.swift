import Foundation

/// The C and C++ compilers of the Swift toolchain. A machine that builds the project has them and
/// their sanitizers.
public enum Toolchain {
  /// The path of `clang`. `cc` if the toolchain has no `clang`.
  public static let clang = beside("bin/clang") ?? "cc"
  /// The path of `clang++`. `c++` if the toolchain has no `clang++`.
  public static let clangPlusPlus = beside("bin/clang++") ?? "c++"
  /// The path of `swiftc`.
  public static let swiftc = beside("bin/swiftc") ?? "swiftc"
  /// The directory of Swift's own libraries on Linux.
  public static let libraries = beside("lib/swift/linux") ?? "/usr/lib/swift/linux"

  /// The path of a file in the toolchain. Nil if it doesn't exist.
  private static func beside(_ name: String) -> String? {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    for folder in folders {
      let swift = URL(fileURLWithPath: "\(folder)/swift").resolvingSymlinksInPath()
      guard FileManager.default.isExecutableFile(atPath: swift.path) else { continue }
      let found = swift.deletingLastPathComponent().deletingLastPathComponent().path + "/" + name
      if FileManager.default.fileExists(atPath: found) { return found }
    }
    return nil
  }
}
