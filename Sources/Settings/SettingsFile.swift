import Glibc
import Linux
import OrderedCollections
import YAML

/// A file of settings: a YAML mapping, which nobody may have written whom the program doesn't trust.
public struct SettingsFile: Sendable {
  /// Where pod-reaper's settings are, for itself and for who looks for it.
  public static let reapersPath = "/etc/pod-reaper.yaml"

  /// Whose a file must be; nobody else may write to it.
  public enum Owner: Sendable {
    /// root's.
    case root
    /// root's or the process's own user's.
    case rootOrSelf
  }

  /// What the file sets, in its order.
  public let entries: OrderedDictionary<String, YAMLNode.Entry>

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: its path.
  ///   - owner: whose it must be.
  ///   - isOptional: whether it may be missing.
  /// - Throws: `ComposeError` with the place of what can't be understood, or for a file that others can write.
  public init(path: String, owner: Owner, isOptional: Bool) throws(ComposeError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      if isOptional, errno == ENOENT || errno == ENOTDIR {
        try self.init(text: "", file: path)
        return
      }
      throw ComposeError("\(path) can't be read: \(String(cString: strerror(errno)))")
    }
    let isTrusted = status.st_uid == 0 || owner == .rootOrSelf && status.st_uid == geteuid()
    guard isTrusted, status.st_mode & 0o022 == 0 else {
      throw ComposeError(
        "\(path) is writable by others: it must be root's and writable by nobody else")
    }
    let text: String
    do {
      text = try TextFile.text(path)
    } catch {
      throw ComposeError("\(path) can't be read: \(error)")
    }
    try self.init(text: text, file: path)
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
    entries = mapping
  }
}

extension YAMLNode {
  /// A setting's value, whatever its type; the items of a list with commas between them. nil for more than one value.
  public var settingText: String? {
    if let items = sequence {
      let words = items.compactMap(\.string)
      return words.count == items.count ? words.joined(separator: ",") : nil
    }
    return oneSetting
  }

  /// One value, whatever its type; nil for a list or a mapping.
  public var oneSetting: String? {
    string ?? integer.map { String($0) } ?? boolean.map { String($0) }
  }
}
