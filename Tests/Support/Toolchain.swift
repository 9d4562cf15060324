import Foundation

/// The C and C++ compilers of the Swift toolchain. A machine that builds the project has them and
/// their sanitizers.
package enum Toolchain {
  /// The path of `clang`. `cc` if the toolchain has no `clang`.
  package static let clang = beside("bin/clang") ?? "cc"
  /// The path of `clang++`. `c++` if the toolchain has no `clang++`.
  package static let clangPlusPlus = beside("bin/clang++") ?? "c++"
  /// The path of `swiftc`.
  package static let swiftc = beside("bin/swiftc") ?? "swiftc"
  /// The directory of Swift's own libraries on Linux.
  package static let libraries = beside("lib/swift/linux") ?? "/usr/lib/swift/linux"

  /// The path of a file in the toolchain. Nil if it doesn't exist.
  private static func beside(_ name: String) -> String? {
    let directories = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    for directory in directories {
      let swift = URL(fileURLWithPath: "\(directory)/swift").resolvingSymlinksInPath()
      guard FileManager.default.isExecutableFile(atPath: swift.path) else { continue }
      let found = swift.deletingLastPathComponent().deletingLastPathComponent().path + "/" + name
      if FileManager.default.fileExists(atPath: found) { return found }
    }
    return nil
  }
}
