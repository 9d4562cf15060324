import Glibc
import Linux
import OrderedCollections
import YAML

/// A settings file: a YAML mapping that only trusted users can write.
package struct SettingsFile: Sendable {
  /// The path of pod-reaper's settings, for pod-reaper and for programs that read its settings.
  package static let reapersPath = "/etc/pod-reaper.yaml"

  /// The required owner of the file; nobody else may have write access.
  package enum Owner: Sendable {
    /// root.
    case root
    /// root or the process's own user.
    case rootOrSelf
  }

  /// The settings, in the order of the file.
  package let entries: OrderedDictionary<String, YAMLNode.Entry>

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - path: The path of the file.
  ///   - owner: The required owner.
  ///   - isOptional: True if the file may be missing.
  /// - Throws: `DiagnosticError` with the position of an invalid value, or for a file that others
  ///   can write.
  package init(path: String, owner: Owner, isOptional: Bool) throws(DiagnosticError) {
    var status = stat()
    // The checks and the read use one descriptor, and opening never blocks.
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard file >= 0 else {
      let reason = errno
      // A dangling link isn't a missing file: without its target, the restrictions in it would not
      // apply.
      if isOptional, reason == ENOENT || reason == ENOTDIR, lstat(path, &status) != 0 {
        try self.init(text: "", file: path)
        return
      }
      throw DiagnosticError("\(path) can't be read: \(String(cString: strerror(reason)))")
    }
    defer { close(file) }
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT != S_IFIFO else {
      throw DiagnosticError("\(path) can't be read: it is not a regular file")
    }
    let isTrusted = status.st_uid == 0 || owner == .rootOrSelf && status.st_uid == geteuid()
    guard isTrusted, status.st_mode & 0o022 == 0 else {
      throw DiagnosticError(
        "\(path) is writable by others: it must be owned by root and writable only by root")
    }
    let text: String
    do {
      text = try TextFile.text(of: file, limit: 16 << 20)
    } catch {
      throw DiagnosticError("\(path) can't be read: \(error)")
    }
    try self.init(text: text, file: path)
  }

  /// Parses the text of a file.
  ///
  /// - Parameters:
  ///   - text: The text.
  ///   - file: The name of the file in errors.
  /// - Throws: `DiagnosticError` with the position of the error.
  package init(text: String, file: String) throws(DiagnosticError) {
    guard let document = try YAMLNode.document(text, file: file), !document.isNull else {
      entries = [:]
      return
    }
    guard let mapping = document.mapping else {
      throw DiagnosticError("the settings file must be a mapping", at: document.position)
    }
    entries = mapping
  }
}

extension YAMLNode {
  /// The value of a setting as text, whatever its type; list items are joined with commas. Nil if
  /// it isn't a single value or a list of strings.
  package var settingText: String? {
    if let items = sequence {
      let words = items.compactMap(\.string)
      return words.count == items.count ? words.joined(separator: ",") : nil
    }
    return oneSetting
  }

  /// A single value of any type as text; nil for a list or a mapping.
  package var oneSetting: String? {
    string ?? integer.map { String($0) } ?? boolean.map { String($0) }
  }
}
