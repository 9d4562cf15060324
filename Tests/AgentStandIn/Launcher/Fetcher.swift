import Foundation
import TestSupport

/// A file for the sandbox of a task (`CommandInfo.URI`).
package struct FetchURI: Sendable {
  /// The address of the file.
  package var value: String
  /// Whether an archive is extracted.
  package var extract: Bool
  /// Whether the file is made executable. Such a file is never extracted.
  package var executable: Bool
  /// Whether the agent caches the file.
  package var cache: Bool

  /// Creates a URI with Mesos' defaults.
  package init(_ value: String, extract: Bool = true, executable: Bool = false, cache: Bool = false)
  {
    self.value = value
    self.extract = extract
    self.executable = executable
    self.cache = cache
  }

  /// Reads a URI from a framework's JSON.
  ///
  /// - Parameters:
  ///   - json: The object.
  ///   - address: The key of the address.
  ///   - extracts: The default of `extract`.
  init(_ json: JSON, address: String, extracts: Bool) {
    self.init(
      json[address]?.string ?? "", extract: json["extract"]?.bool ?? extracts,
      executable: json["executable"]?.bool ?? false, cache: json["cache"]?.bool ?? false)
  }

  var json: JSON {
    [
      "value": .string(value), "extract": .bool(extract), "executable": .bool(executable),
      "cache": .bool(cache),
    ]
  }
}

/// Copies the files of a task's URIs into a directory as src/launcher/fetcher.cpp does. The sources
/// are files of this machine.
package struct Fetcher: Sendable {
  /// There is no file for an address.
  package struct NotThere: Error, CustomStringConvertible, Sendable {
    /// The address.
    package let address: String
    /// The message.
    package var description: String { "nothing is there at \(address)" }
  }

  /// The files by their addresses.
  package let files: [String: String]

  /// Creates a fetcher with these files.
  package init(_ files: [String: String]) { self.files = files }

  /// Fetches all URIs.
  ///
  /// - Throws: ``NotThere``, `CommandFailed`.
  package func fetch(_ uris: [FetchURI], into directory: String) async throws {
    for uri in uris {
      guard let file = files[uri.value] else { throw NotThere(address: uri.value) }
      let name = URL(fileURLWithPath: uri.value).lastPathComponent
      try await Command("cp", ["--", file, "\(directory)/\(name)"]).output()
      if uri.executable {
        try await Command("chmod", ["a+x", "\(directory)/\(name)"]).output()
      } else if uri.extract, name.hasSuffix(".tar.gz") || name.hasSuffix(".tgz") {
        try await Command("tar", ["-xzf", name], directory: directory).output()
      }
    }
  }
}
