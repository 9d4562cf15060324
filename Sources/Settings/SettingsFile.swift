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
    // What is checked is what is read, and nothing is waited for.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else {
      let reason = errno
      // A link to nothing is no file that is missing: what the lost one forbids would be permitted.
      if isOptional, reason == ENOENT || reason == ENOTDIR, lstat(path, &status) != 0 {
        try self.init(text: "", file: path)
        return
      }
      throw ComposeError("\(path) can't be read: \(String(cString: strerror(reason)))")
    }
    defer { close(file) }
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFIFO else {
      throw ComposeError("\(path) can't be read: it is no regular file")
    }
    let isTrusted = status.st_uid == 0 || owner == .rootOrSelf && status.st_uid == geteuid()
    guard isTrusted, status.st_mode & 0o022 == 0 else {
      throw ComposeError(
        "\(path) is writable by others: it must be root's and writable by nobody else")
    }
    let text: String
    do {
      text = try TextFile.text(of: file, limit: 16 << 20)
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
