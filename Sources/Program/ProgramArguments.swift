import CLinux

/// The command line as the program was given it. `CommandLine.arguments` reads /proc/self/cmdline:
/// it is empty where /proc isn't mounted.
enum ProgramArguments {
  /// The arguments without the program's name; nil where the C library didn't tell them.
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

  /// The program's name, as it was called, without its directory; empty where the C library didn't tell it.
  static var name: String {
    guard let first = linux_arguments()?.pointee else { return "" }
    let path = String(cString: first)
    return String(path.split(separator: "/").last ?? "")
  }
}
