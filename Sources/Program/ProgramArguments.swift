import CLinux

/// The command line, from the C library. `CommandLine.arguments` reads /proc/self/cmdline, so it is
/// empty where /proc isn't mounted.
enum ProgramArguments {
  /// The arguments without the program's name; nil where the C library does not provide them.
  static var current: [String]? {
    guard let first = linux_arguments() else { return nil }
    var arguments: [String] = []
    var next = first.advanced(by: 1)
    while let argument = next.pointee {
      arguments.append(String(cString: argument))
      next = next.advanced(by: 1)
    }
    return arguments
  }

  /// The name with which the program was called, without its directory; empty where the C library
  /// does not provide it.
  static var name: String {
    guard let first = linux_arguments()?.pointee else { return "" }
    let path = String(cString: first)
    return String(path.split(separator: "/").last ?? "")
  }
}
