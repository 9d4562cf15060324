import DockerEngine
import PodRuntime
import Program

/// The style of printed log lines.
struct LogStyle: Sendable {
  /// The format of a line.
  enum Format: String, Sendable, CaseIterable {
    case text, json
  }

  var format = Format.text
  /// Whether each line begins with the service's name.
  var hasPrefix = true
  /// Whether each line has its time.
  var hasTimes = false
  /// The capabilities of the output.
  var terminal: Terminal
}

/// Formats the lines of one container as text or JSON.
///
/// Output of a container is printed unchanged, except on a terminal. There it can neither move the
/// cursor nor look like the output of another service.
struct LogRenderer: Sendable {
  private let style: LogStyle
  private let service: String
  private let container: String
  private let prefix: [UInt8]
  private let resetsColor = Array("\u{1b}[0m".utf8)

  /// Prepares to format lines.
  ///
  /// - Parameters:
  ///   - style: the style.
  ///   - service: the service's name as it is printed.
  ///   - container: the container's name.
  ///   - width: the width of the widest printed name.
  ///   - index: selects the color.
  init(style: LogStyle, service: String, container: String, width: Int, index: Int) {
    self.style = style
    self.service = Printable.line(service)
    self.container = Printable.line(container)
    let name = self.service
    let gap = String(repeating: " ", count: max(0, width - name.unicodeScalars.count) + 2)
    // The colors of Docker Compose, in its order.
    let colors = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94]
    let text =
      style.terminal.isColored
      ? "\u{1b}[\(colors[index % colors.count])m\(name)\(gap)|\u{1b}[0m " : "\(name)\(gap)| "
    prefix = style.hasPrefix && style.format == .text && !name.isEmpty ? Array(text.utf8) : []
  }

  /// Appends a line, with a line feed unless the line is open.
  ///
  /// - Parameters:
  ///   - line: the line.
  ///   - output: the text to append to.
  func append(_ line: LogLine, to output: inout [UInt8]) {
    guard style.format == .text else { return appendObject(line, to: &output) }
    if !line.continues {
      output += prefix
      if style.hasTimes, !line.time.isEmpty {
        output += line.time
        output.append(UInt8(ascii: " "))
      }
    }
    if style.terminal.isTerminal {
      appendPrintable(line.bytes, to: &output)
    } else {
      output += line.bytes
    }
    if !line.isOpen { output.append(0x0a) }
  }

  /// Describes a piece of output for a writer.
  ///
  /// - Parameters:
  ///   - continues: whether the first line is the rest of an earlier one.
  ///   - isOpen: whether the last line has no line feed.
  /// - Returns: the description.
  func piece(continues: Bool, isOpen: Bool) -> OutputPiece {
    let isText = style.format == .text
    return OutputPiece(
      prefix: prefix, continuesLine: isText && continues, isOpen: isText && isOpen)
  }

  private func appendObject(_ line: LogLine, to output: inout [UInt8]) {
    func put(_ text: StaticString) {
      output += UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }
    put("{\"time\":")
    if line.time.isEmpty {
      put("null")
    } else {
      JSONLine.append(line.time, to: &output)
    }
    for (key, value) in [
      (",\"service\":" as StaticString, service), (",\"container\":", container),
    ] {
      put(key)
      if value.isEmpty {
        put("null")
      } else {
        JSONLine.append(Array(value.utf8)[...], to: &output)
      }
    }
    put(line.stream == .stdout ? ",\"stream\":\"stdout\"" : ",\"stream\":\"stderr\"")
    if line.isOpen { put(",\"partial\":true") }
    put(",\"line\":")
    JSONLine.append(line.bytes, to: &output)
    put("}\n")
  }

  /// Appends only what cannot control a terminal: text, tabs and colors.
  private func appendPrintable(_ bytes: ArraySlice<UInt8>, to output: inout [UInt8]) {
    if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f || $0 == 9 }) {
      output += bytes
      return
    }
    var isColored = false
    var rest = bytes.last == 13 ? bytes.dropLast() : bytes
    while let first = rest.first {
      if first == 0x1b, let size = Self.colorSize(rest) {
        if style.terminal.isColored {
          output += rest.prefix(size)
          isColored = true
        }
        rest = rest.dropFirst(size)
        continue
      }
      let end = rest.dropFirst().firstIndex(of: 0x1b) ?? rest.endIndex
      for part in String(decoding: rest[..<end], as: UTF8.self)
        .split(separator: "\t", omittingEmptySubsequences: false).enumerated()
      {
        if part.offset > 0 { output.append(9) }
        output += Printable.text(String(part.element), limit: .max).utf8
      }
      rest = rest[end...]
    }
    if isColored { output += resetsColor }
  }

  /// The size of a color sequence (ECMA-48, SGR) at the beginning of the bytes; nil where they
  /// begin with something else.
  private static func colorSize(_ bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.dropFirst().first == UInt8(ascii: "[") else { return nil }
    let parameters = bytes.dropFirst(2).prefix(64).prefix {
      48...57 ~= $0 || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ":")
    }
    guard parameters.endIndex < bytes.endIndex, bytes[parameters.endIndex] == UInt8(ascii: "m")
    else { return nil }
    return parameters.count + 3
  }
}
