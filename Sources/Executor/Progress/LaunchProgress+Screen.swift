import OrderedCollections
import PodRuntime
import Program

extension LaunchProgress {
  /// The lines for a terminal: a title, and a line for each row.
  ///
  /// - Parameters:
  ///   - moment: the current time since the beginning of the launch.
  ///   - pulls: the progress of the pulls.
  ///   - width: the columns of the terminal.
  ///   - height: the rows of the terminal; nil for all lines.
  ///   - terminal: gives the colors.
  /// - Returns: lines that are narrower than the terminal, and fewer than its rows.
  func screen(
    at moment: Duration, pulls: [String: PullStatus], width: Int, height: Int?, terminal: Terminal
  ) -> [String] {
    // The last column stays free, because some terminals wrap after it has been written.
    let width = max(1, width - 1)
    if rows.isEmpty, end != .running { return [] }
    let done = rows.values.count { $0.state == .done }
    let state =
      switch end {
      case nil: "Launching"
      case .running?: "Running"
      case .stopping?: "Launch stopped"
      }
    let title = "[+] \(state) \(done)/\(rows.count)  \(Self.seconds(moment))"
    let (shown, hidden) = selection(room: height.map { max(0, $0 - 2) } ?? .max)
    let names = shown.map { Self.narrow($0.name).unicodeScalars.count }.max() ?? 0
    let nameWidth = min(names, max(8, (width - 24) / 3))
    var lines = [Self.cut(title, to: width)]
    for row in shown {
      lines.append(
        line(of: row, at: moment, pulls: pulls, width, nameWidth: nameWidth, terminal))
    }
    if hidden > 0, height ?? .max > 2 {
      lines.append(Self.cut("   … and \(hidden) more", to: width))
    }
    return lines
  }

  /// The rows that fit, in their original order. Rows that are neither done nor canceled take
  /// precedence, then the latest of the others.
  private func selection(room: Int) -> (shown: [Row], hidden: Int) {
    let all = Array(rows.values)
    guard all.count > room else { return (all, 0) }
    func isOpen(_ row: Row) -> Bool { row.state != .done && row.state != .canceled }
    let open = all.indices.filter { isOpen(all[$0]) }
    let rest = all.indices.filter { !isOpen(all[$0]) }.reversed()
    // One line is needed for the number of omitted rows.
    let chosen = (open + rest).prefix(max(0, room - 1)).sorted()
    return (chosen.map { all[$0] }, all.count - chosen.count)
  }

  private func line(
    of row: Row, at moment: Duration, pulls: [String: PullStatus], _ width: Int, nameWidth: Int,
    _ terminal: Terminal
  ) -> String {
    let (mark, color): (String, Terminal.Color?) =
      switch row.state {
      case .done: ("✔", .green)
      case .failed: ("✘", .red)
      case .canceled: ("-", .gray)
      case .working, .waiting: (Self.spinner(at: moment), row.state == .working ? .cyan : .yellow)
      }
    let isOpen = row.state == .working || row.state == .waiting
    let elapsed = Self.seconds(isOpen ? moment - row.since : row.since - row.began)
    var text = Self.narrow(row.text)
    if row.kind == "image", isOpen, let pull = pulls[row.name] {
      text = (pull.isExtracting ? "" : text + " ") + Self.text(pull)
    }
    let kind = Self.padded(row.kind, to: 7)
    let name = Self.padded(Self.cutName(Self.narrow(row.name), to: nameWidth), to: nameWidth)
    // The width that remains beside mark, blanks, kind and name is shared by the description and
    // the time.
    let room = width - (3 + 7 + 1 + nameWidth + 2) - (elapsed.unicodeScalars.count + 1)
    guard room >= 4 else { return Self.cut(" \(mark) \(Self.narrow(row.name)) \(text)", to: width) }
    text = Self.padded(Self.cut(text, to: room), to: room)
    let coloredText = row.state == .failed ? terminal.colored(text, .red) : text
    return " \(terminal.colored(mark, color)) \(kind) \(name)  \(coloredText) "
      + terminal.colored(elapsed, .gray)
  }

  private static func spinner(at moment: Duration) -> String {
    let frames = Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
    return String(frames[Int(moment / .milliseconds(100)) % frames.count])
  }

  private static func seconds(_ duration: Duration) -> String {
    let tenths = Int(max(.zero, duration) / .milliseconds(100))
    return tenths < 100 ? "\(tenths / 10).\(tenths % 10) s" : "\(tenths / 10) s"
  }

  /// A text from another program, reduced to characters that take one column each.
  private static func narrow(_ text: String) -> String {
    let scalars = Printable.line(text, limit: 1_000).unicodeScalars.map {
      $0.value >= 0x1100 && !(0x2000..<0x2e80 ~= $0.value) && $0 != "\u{fffd}"
        || 0x300..<0x370 ~= $0.value ? "\u{fffd}" : $0
    }
    return String(String.UnicodeScalarView(scalars))
  }

  private static func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
  }

  /// Shortens a name at its beginning, which is usually a registry or a project.
  private static func cutName(_ name: String, to width: Int) -> String {
    let scalars = name.unicodeScalars
    if scalars.count <= width { return name }
    return "…" + String(String.UnicodeScalarView(scalars.suffix(max(0, width - 1))))
  }

  private static func cut(_ text: String, to width: Int) -> String {
    let scalars = text.unicodeScalars
    if scalars.count <= width { return text }
    return width < 1 ? "" : String(String.UnicodeScalarView(scalars.prefix(width - 1))) + "…"
  }
}
