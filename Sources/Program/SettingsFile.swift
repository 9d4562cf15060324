import Compose
import Glibc
import OrderedCollections
import PodIdentity
import YAML

/// A file of settings: a YAML mapping of names to one value each.
public struct SettingsFile: Sendable {
  /// Where pod-reaper's settings are, for itself and for who looks for it.
  public static let reapersPath = "/etc/pod-reaper.yaml"

  /// A setting in the file.
  public struct Entry: Sendable {
    /// The value, whatever its type; the items of a list with commas between them. nil for more than one value.
    public var text: String?
    /// Where the name stands.
    public var keyPosition: SourcePosition
    /// Where the value stands.
    public var position: SourcePosition
  }

  /// What the file sets, in its order.
  public let entries: OrderedDictionary<String, Entry>

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: its path; nil for the standard one, which may be missing.
  ///   - standard: the standard path.
  /// - Throws: `ComposeError` with the place of what can't be understood, or for a file that others can write.
  public init(path: String?, standard: String) throws(ComposeError) {
    let file = path ?? standard
    var status = stat()
    guard stat(file, &status) == 0 else {
      if path == nil, errno == ENOENT {
        try self.init(text: "", file: file)
        return
      }
      throw ComposeError("\(file) can't be read: \(String(cString: strerror(errno)))")
    }
    guard status.st_mode & 0o022 == 0, status.st_uid == 0 || status.st_uid == geteuid() else {
      throw ComposeError(
        "\(file) is writable by others: it must be root's and writable by nobody else")
    }
    guard let text = try? KernelFile.text(file) else { throw ComposeError("\(file) can't be read") }
    try self.init(text: text, file: file)
  }

  /// Reads a file's text.
  ///
  /// - Parameters:
  ///   - text: the text.
  ///   - file: the file's name, for errors.
  /// - Throws: `ComposeError` with the place of what can't be understood.
  public init(text: String, file: String) throws(ComposeError) {
    guard let document = try YAMLNode.document(text, file: file), !document.isNull else {
      entries = [:]
      return
    }
    guard let mapping = document.mapping else {
      throw ComposeError("a mapping of settings is expected", at: document.position)
    }
    entries = mapping.mapValues { entry in
      Entry(
        text: Self.text(entry.value), keyPosition: entry.keyPosition,
        position: entry.value.position)
    }
  }

  private static func text(_ node: YAMLNode) -> String? {
    if let text = node.string { return text }
    if let number = node.integer { return String(number) }
    if let items = node.sequence {
      let words = items.compactMap(\.string)
      return words.count == items.count ? words.joined(separator: ",") : nil
    }
    return node.boolean.map { String($0) }
  }
}

/// Settings as variables of the environment.
public enum SettingVariable {
  /// The variable of a long option: `POD_REAPER_RUN_DIR` for `run-dir`.
  ///
  /// - Parameters:
  ///   - option: the option, without its dashes.
  ///   - prefix: the program's part of the name, such as `POD_REAPER`.
  /// - Returns: the variable's name.
  public static func name(of option: String, prefix: String) -> String {
    prefix + "_" + option.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
  }
}
