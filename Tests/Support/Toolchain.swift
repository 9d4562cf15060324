import Foundation

/// The C and C++ compilers that came with Swift: a machine that builds the project has them, and with them
/// the sanitizers.
public enum Toolchain {
  /// `clang` by its path; `cc` if Swift came without.
  public static let clang = beside("bin/clang") ?? "cc"
  /// `clang++` by its path; `c++` if Swift came without.
  public static let clangPlusPlus = beside("bin/clang++") ?? "c++"
  /// `swiftc` by its path.
  public static let swiftc = beside("bin/swiftc") ?? "swiftc"
  /// The folder of Swift's own libraries on Linux.
  public static let libraries = beside("lib/swift/linux") ?? "/usr/lib/swift/linux"

  /// Something below the folder that holds `bin/swift`, if it is there.
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
