import Glibc
import SystemPackage

/// Files without a name for the input and output of programs. Unlike pipes they never block, and
/// they disappear when closed.
package enum UnlinkedFile {
  /// Creates a file.
  ///
  /// - Parameter text: its content.
  /// - Returns: the file, positioned at its beginning.
  /// - Throws: `Errno`.
  package static func with(_ text: String = "") throws -> FileDescriptor {
    guard let stream = tmpfile() else { throw Errno(rawValue: errno) }
    defer { fclose(stream) }
    let number = fcntl(fileno(stream), F_DUPFD_CLOEXEC, 0)
    guard number >= 0 else { throw Errno(rawValue: errno) }
    let file = FileDescriptor(rawValue: number)
    do {
      try file.writeAll(text.utf8)
      try file.seek(offset: 0, from: .start)
      return file
    } catch {
      try? file.close()
      throw error
    }
  }

  /// Reads the end of a file.
  ///
  /// - Parameters:
  ///   - file: the file.
  ///   - limit: the largest number of bytes.
  /// - Returns: the text; bytes that are not UTF-8 are replaced.
  /// - Throws: `Errno`.
  package static func text(of file: FileDescriptor, limit: Int = 1 << 16) throws -> String {
    let end = try file.seek(offset: 0, from: .end)
    try file.seek(offset: max(0, end - Int64(limit)), from: .start)
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    while count < limit {
      let read = try bytes.withUnsafeMutableBytes {
        try file.read(into: UnsafeMutableRawBufferPointer(rebasing: $0[count...]))
      }
      if read == 0 { break }
      count += read
    }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}

/// The standard input, output and error of a program.
package struct UnlinkedFiles {
  /// Standard input.
  package let input: FileDescriptor
  /// Standard output.
  package let output: FileDescriptor
  /// Standard error.
  package let error: FileDescriptor

  /// Creates the three files.
  ///
  /// - Parameter text: the content of standard input.
  /// - Throws: `Errno`.
  package init(input text: String) throws {
    var made: [FileDescriptor] = []
    do {
      for text in [text, "", ""] { made.append(try UnlinkedFile.with(text)) }
    } catch {
      for file in made { try? file.close() }
      throw error
    }
    (input, output, error) = (made[0], made[1], made[2])
  }

  /// Closes the three files.
  package func close() {
    for file in [input, output, error] { try? file.close() }
  }
}
