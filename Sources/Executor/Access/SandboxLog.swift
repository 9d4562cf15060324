import DockerEngine
import Glibc
import Linux
import PodRuntime
import Program
import SystemPackage

/// Prints a pod's output from the files of its sandbox, in which each line begins with the
/// service's name.
struct SandboxLog {
  /// Why the output can't be printed; one line.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The path of the sandbox, without symbolic links.
  private let directory: String
  private let services: [String]
  private let style: LogStyle
  private let tail: Int?
  private var renderers: [[UInt8]: LogRenderer] = [:]
  private var width = 0

  /// Prepares to print.
  ///
  /// - Parameters:
  ///   - path: the sandbox.
  ///   - services: the services whose lines are printed; empty for all lines, including those of
  ///     the executor.
  ///   - style: the style of the lines.
  ///   - tail: the number of last lines of each file; nil for all.
  /// - Throws: `Failure` where the directory does not exist.
  init(_ path: String, services: [String], style: LogStyle, tail: Int?) throws(Failure) {
    guard let real = RealPath.ofExisting(path) else {
      throw Failure(
        description:
          "can't read the sandbox \(path): \(String(cString: strerror(errno))); set --sandbox to the "
          + "directory that has the task's stdout and stderr")
    }
    directory = real
    (self.services, self.style, self.tail) = (services, style, tail)
  }

  /// Prints `stdout`, then `stderr`.
  ///
  /// - Parameter output: the writer.
  /// - Throws: `Failure` where neither file can be read.
  mutating func print(to output: OutputWriter) async throws(Failure) {
    var files: [(FileDescriptor, isError: Bool)] = []
    defer { for file in files { try? file.0.close() } }
    var reasons: [String] = []
    for name in ["stdout", "stderr"] {
      let path = "\(directory)/\(name)"
      do throws(Errno) {
        // The tenant controls the sandbox, so only regular files in it are read.
        let file = try ConfinedFile.open(path, within: [directory])
        files.append((FileDescriptor(rawValue: file), name == "stderr"))
      } catch {
        reasons.append("\(path): \(error == .invalidArgument ? "not a regular file" : "\(error)")")
      }
    }
    guard !files.isEmpty else { throw Failure(description: reasons.joined(separator: "; ")) }
    for (file, _) in files { measure(file) }
    for (file, isError) in files {
      let start = tail.map { beginning(ofLast: $0, in: file) } ?? 0
      var text: [UInt8] = []
      await lines(of: file, from: start) { line, renderer in
        var line = line
        if isError { line.stream = .stderr }
        renderer.append(line, to: &text)
        guard text.count > 64 << 10 else { return true }
        await output.write(text)
        text.removeAll(keepingCapacity: true)
        return await !output.isBroken
      }
      await output.write(text)
    }
  }

  /// Measures the widest name in the first part of a file.
  private mutating func measure(_ file: FileDescriptor) {
    var bytes = [UInt8](repeating: 0, count: 256 << 10)
    let count = bytes.withUnsafeMutableBytes {
      (try? file.read(fromAbsoluteOffset: 0, into: $0)) ?? 0
    }
    for line in bytes[..<count].split(separator: 0x0a) {
      if let (name, _) = Self.split(line), isWanted(name) { width = max(width, name.count) }
    }
  }

  /// The offset of the last lines that are printed. The file is read from its end, because it can
  /// be huge.
  private func beginning(ofLast count: Int, in file: FileDescriptor) -> Int64 {
    guard let size = try? file.seek(offset: 0, from: .end), count > 0 else { return .max }
    var left = count
    var end = size
    var chunk = [UInt8](repeating: 0, count: 128 << 10)
    while end > 0 {
      let begin = max(0, end - Int64(chunk.count))
      let read = chunk.withUnsafeMutableBytes { bytes in
        try? file.read(
          fromAbsoluteOffset: begin,
          into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<Int(end - begin)]))
      }
      var rest = chunk[..<(read ?? 0)]
      while let newline = rest.lastNewline {
        let line = begin + Int64(newline) + 1
        if line < size, isWanted(lineAt: line, in: file) {
          left -= 1
          if left == 0 { return line }
        }
        rest = rest[..<newline]
      }
      end = begin
    }
    return 0
  }

  private func isWanted(lineAt offset: Int64, in file: FileDescriptor) -> Bool {
    if services.isEmpty { return true }
    var bytes = [UInt8](repeating: 0, count: 300)
    let count = bytes.withUnsafeMutableBytes {
      (try? file.read(fromAbsoluteOffset: offset, into: $0)) ?? 0
    }
    let line = bytes[..<count]
    return isWanted(Self.split(line[..<(line.firstNewline ?? line.endIndex)])?.name ?? [])
  }

  /// Reads the lines that are printed, from an offset. Very long lines are read in parts.
  private mutating func lines(
    of file: FileDescriptor, from offset: Int64, _ take: (LogLine, LogRenderer) async -> Bool
  ) async {
    guard (try? file.seek(offset: offset, from: .start)) != nil else { return }
    var chunk = [UInt8](repeating: 0, count: 128 << 10)
    var pending: [UInt8] = []
    // The renderer of a line whose beginning was passed on; an inner nil means that it is not
    // printed.
    var inside: LogRenderer??
    func pass(_ bytes: ArraySlice<UInt8>, isOpen: Bool) async -> Bool {
      let continues = inside != nil
      let (renderer, rest) = inside.map { ($0, bytes) } ?? choose(bytes)
      inside = isOpen ? .some(renderer) : nil
      guard let renderer else { return true }
      return await take(
        LogLine(
          moment: 0, time: [], stream: .stdout, bytes: rest, continues: continues, isOpen: isOpen),
        renderer)
    }
    while true {
      let count = chunk.withUnsafeMutableBytes { (try? file.read(into: $0)) ?? 0 }
      if count == 0 { break }
      var rest = chunk[..<count]
      while let end = rest.firstNewline {
        let isWhole = pending.isEmpty
        if !isWhole { pending += rest[..<end] }
        guard await pass(isWhole ? rest[..<end] : pending[...], isOpen: false) else { return }
        pending.removeAll(keepingCapacity: true)
        rest = rest[(end + 1)...]
      }
      pending += rest
      if pending.count >= LogCutter.limit {
        guard await pass(pending[...], isOpen: true) else { return }
        pending = []
      }
    }
    if !pending.isEmpty || inside != nil { _ = await pass(pending[...], isOpen: false) }
  }

  /// The renderer of a line and the text to print; nil for a line that is not printed.
  private mutating func choose(_ line: ArraySlice<UInt8>) -> (LogRenderer?, ArraySlice<UInt8>) {
    let (name, rest) = Self.split(line) ?? ([], line)
    guard isWanted(name) else { return (nil, rest) }
    let key = Array(name)
    if let known = renderers[key] { return (known, rest) }
    let made = LogRenderer(
      style: style, service: String(decoding: name, as: UTF8.self), container: "", width: width,
      index: renderers.count { !$0.key.isEmpty })
    // Only an executor writes service names. A file from another program can contain any number of
    // names.
    if renderers.count < 1000 { renderers[key] = made }
    return (made, rest)
  }

  private func isWanted(_ name: ArraySlice<UInt8>) -> Bool {
    guard !services.isEmpty else { return true }
    let text = String(decoding: name, as: UTF8.self)
    return services.contains { service in
      guard text.hasPrefix(service) else { return false }
      let rest = text.dropFirst(service.count)
      let isNumber = rest.first == "-" && rest.count > 1 && rest.dropFirst().allSatisfy(\.isNumber)
      // Lines from `post_start` and other commands of a service.
      return rest.isEmpty || rest == " ->" || isNumber
    }
  }

  /// The name before ` | `, and the rest of the line.
  static func split(
    _ line: ArraySlice<UInt8>
  ) -> (name: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
    let isName = { (byte: UInt8) in
      switch byte {
      case 48...57, 65...90, 97...122, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
      default: false
      }
    }
    var name = line.prefix(256).prefix(while: isName)
    guard !name.isEmpty else { return nil }
    for (mark, isHook) in [(" | ", false), (" -> | ", true)] {
      let rest = line[name.endIndex...]
      guard rest.starts(with: mark.utf8) else { continue }
      if isHook { name = line[..<(name.endIndex + 3)] }
      return (name, rest.dropFirst(mark.utf8.count))
    }
    return nil
  }
}
