/// The slice of one run. If the engine uses systemd's cgroup driver, the pod's containers are
/// scopes in it.
///
/// Its name is `composepods-RUN.slice`, after `PARENT-` if the operator names a parent. In a
/// slice's name each dash is a level of the tree (systemd.slice(5)), so in RUN dashes become `_`,
/// and any byte other than a letter or digit becomes `.` and two hexadecimal digits. No two runs
/// have the same slice.
package struct PodSlice: Sendable, Hashable {
  /// The run.
  package let run: String
  /// The unit's name.
  package let unit: String
  /// Its cgroup's path below each hierarchy's root, such as
  /// `/composepods.slice/composepods-RUN.slice`.
  package let path: String

  /// The slice of all pods, directly above.
  package var above: String { String(path.split(separator: "/").dropLast().last ?? "-.slice") }

  /// The prefix of pod slices, after their parent.
  package static let prefix = "composepods"

  /// Creates the slice of a run; nil if the name would be too long, or the parent is no slice's
  /// name.
  ///
  /// - Parameters:
  ///   - run: the run.
  ///   - parent: the slice above, such as `mesos.slice`; nil for the root.
  package init?(run: String, parent: String? = nil) {
    var prefix = Self.prefix
    if let parent {
      guard let above = Self.stem(of: parent) else { return nil }
      if !above.isEmpty { prefix = "\(above)-\(prefix)" }
    }
    guard !run.isEmpty else { return nil }
    self.run = run
    unit = "\(prefix)-\(Self.escaped(run)).slice"
    guard unit.utf8.count <= IDCheck.longest else { return nil }
    path = Self.path(of: unit)
  }

  /// Parses a unit's name; nil if it isn't a pod's slice.
  package init?(unit: String) {
    guard unit.hasSuffix(".slice") else { return nil }
    let parts = unit.dropLast(6).split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count > 1, parts[parts.count - 2] == Self.prefix, !parts.contains(""),
      let run = Self.unescaped(parts[parts.count - 1])
    else { return nil }
    self.run = run
    self.unit = unit
    path = Self.path(of: unit)
  }

  /// The slice with a cgroup's path; nil if it isn't a pod's slice, such as every path of an engine
  /// with the driver cgroupfs.
  package init?(path: String) {
    guard let unit = path.split(separator: "/").last, let slice = Self(unit: String(unit)),
      slice.path == path
    else { return nil }
    self = slice
  }

  /// The scope of a container, directly below the slice.
  package static func scope(of container: String) -> String { "docker-\(container).scope" }

  /// The name without its suffix; empty for the root slice.
  private static func stem(of slice: String) -> String? {
    if slice == "-.slice" { return "" }
    guard slice.hasSuffix(".slice") else { return nil }
    let stem = slice.dropLast(6)
    let parts = stem.split(separator: "-", omittingEmptySubsequences: false)
    // systemd accepts a colon and a backslash too, but the engine interprets them.
    let isName = stem.utf8.allSatisfy { isWord($0) || [0x2d, 0x2e, 0x5f].contains($0) }
    return isName && !parts.contains("") ? String(stem) : nil
  }

  /// Each dash is a level: `a-b.slice` is below `a.slice`.
  private static func path(of unit: String) -> String {
    var path = ""
    var name = ""
    for part in unit.dropLast(6).split(separator: "-") {
      name += name.isEmpty ? part : "-\(part)"
      path += "/\(name).slice"
    }
    return path
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
  }

  private static func escaped(_ run: String) -> String {
    var name = ""
    for byte in run.utf8 {
      switch byte {
      case _ where isWord(byte): name.unicodeScalars.append(Unicode.Scalar(byte))
      case UInt8(ascii: "-"): name += "_"
      default: name += (byte < 16 ? ".0" : ".") + String(byte, radix: 16)
      }
    }
    return name
  }

  private static func unescaped(_ name: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Substring(name).utf8
    while let byte = rest.popFirst() {
      switch byte {
      case _ where isWord(byte): bytes.append(byte)
      case UInt8(ascii: "_"): bytes.append(UInt8(ascii: "-"))
      case UInt8(ascii: "."):
        guard rest.count >= 2, let code = UInt8(String(Substring(rest.prefix(2))), radix: 16)
        else { return nil }
        bytes.append(code)
        rest.removeFirst(2)
      default: return nil
      }
    }
    // One name for one run: any other spelling isn't a pod's slice.
    guard let run = String(validating: bytes, as: UTF8.self), !run.isEmpty, escaped(run) == name
    else { return nil }
    return run
  }
}
