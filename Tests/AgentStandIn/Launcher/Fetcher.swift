import Foundation
import TestSupport

/// Something that a task wants in its sandbox (`CommandInfo.URI`).
public struct FetchURI: Sendable {
  /// Where it is.
  public var value: String
  /// Whether an archive is taken apart.
  public var extract: Bool
  /// Whether the file is made executable, and never taken apart.
  public var executable: Bool
  /// Whether the agent keeps a copy.
  public var cache: Bool

  /// A URI with Mesos' defaults.
  public init(_ value: String, extract: Bool = true, executable: Bool = false, cache: Bool = false)
  {
    self.value = value
    self.extract = extract
    self.executable = executable
    self.cache = cache
  }

  /// One of a framework's own JSON.
  ///
  /// - Parameters:
  ///   - json: The object.
  ///   - address: The key of its address.
  ///   - extracts: What holds where it doesn't say.
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

/// Puts what a task wants into a folder as src/launcher/fetcher.cpp does, from files of this machine.
public struct Fetcher: Sendable {
  /// An address that has no file.
  public struct NotThere: Error, CustomStringConvertible, Sendable {
    /// The address.
    public let address: String
    /// A line for people.
    public var description: String { "nothing is there at \(address)" }
  }

  /// The files by the addresses that they stand for.
  public let files: [String: String]

  /// A fetcher that knows these files.
  public init(_ files: [String: String]) { self.files = files }

  /// Fetches everything.
  ///
  /// - Throws: ``NotThere``, `CommandFailed`.
  public func fetch(_ uris: [FetchURI], into folder: String) async throws {
    for uri in uris {
      guard let file = files[uri.value] else { throw NotThere(address: uri.value) }
      let name = URL(fileURLWithPath: uri.value).lastPathComponent
      try await Command("cp", ["--", file, "\(folder)/\(name)"]).output()
      if uri.executable {
        try await Command("chmod", ["a+x", "\(folder)/\(name)"]).output()
      } else if uri.extract, name.hasSuffix(".tar.gz") || name.hasSuffix(".tgz") {
        try await Command("tar", ["-xzf", name], folder: folder).output()
      }
    }
  }
}
