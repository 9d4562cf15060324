extension TextTable {
  /// The smallest width of a column with wrapped text.
  private static let narrowest = 24

  /// The lines of a table without truncated text: texts that would make it wider than the terminal
  /// are wrapped.
  ///
  /// The first flexible column is wrapped in place. Where it would become too narrow, flexible
  /// columns move to indented lines below their row, in the order of `flexible`, until the rest
  /// fits.
  ///
  /// - Parameters:
  ///   - terminal: gives colors and width; nil for plain text of any width.
  ///   - flexible: the indices of the columns that may be wrapped or moved.
  /// - Returns: one line for each row where the table fits, otherwise more.
  package func lines(for terminal: Terminal?, wrapping flexible: [Int]) -> [String] {
    let widths = widths
    func width(without moved: [Int]) -> Int {
      let kept = widths.indices.filter { !moved.contains($0) }
      return kept.reduce(2 * (kept.count - 1)) { $0 + widths[$1] }
    }
    guard let limit = terminal?.columns, let first = flexible.first, width(without: []) > limit
    else { return lines(for: terminal) }
    let room = limit - width(without: [first]) - 2
    if room >= Self.narrowest {
      return TextTable(rows: rows.flatMap { Self.wrapped($0, first, room) }, alignments: alignments)
        .lines(for: terminal)
    }
    var moved: [Int] = []
    for column in flexible where width(without: moved) > limit { moved.append(column) }
    let kept = alignments.indices.filter { !moved.contains($0) }
    let rest = TextTable(
      rows: rows.map { row in kept.map { row[$0] } }, alignments: kept.map { alignments[$0] })
    var lines: [String] = []
    for (index, line) in rest.lines(for: terminal).enumerated() {
      lines.append(line)
      for column in moved.sorted() where index > 0 {
        let cell = rows[index][column]
        lines += LineWrap.lines(cell.text, width: limit - 4).map {
          "    " + (terminal?.colored($0, cell.color) ?? $0)
        }
      }
    }
    return lines
  }

  /// Splits a row into several rows.
  private static func wrapped(_ row: [Cell], _ column: Int, _ width: Int) -> [[Cell]] {
    LineWrap.lines(row[column].text, width: width).enumerated().map { index, line in
      var part = index == 0 ? row : row.map { _ in Cell("") }
      part[column] = Cell(line, row[column].color)
      return part
    }
  }
}

/// Wraps text to a width.
package enum LineWrap {
  /// Breaks a text between words. A word that is longer than a line is split.
  ///
  /// - Parameters:
  ///   - text: one line without control characters.
  ///   - width: the largest number of Unicode scalars of a line, at least 1; nil for any number.
  /// - Returns: the lines, at least one.
  package static func lines(_ text: String, width: Int?) -> [String] {
    guard let width = width.map({ max(1, $0) }), text.unicodeScalars.count > width else {
      return [text]
    }
    var lines: [String] = []
    var line = String.UnicodeScalarView()
    for word in text.unicodeScalars.split(separator: " ") {
      var rest = word
      if !line.isEmpty, line.count + 1 + rest.count <= width {
        line.append(" ")
      } else if !line.isEmpty {
        lines.append(String(line))
        line.removeAll()
      }
      while line.isEmpty, rest.count > width {
        lines.append(String(String.UnicodeScalarView(rest.prefix(width))))
        rest = rest.dropFirst(width)
      }
      line.append(contentsOf: rest)
    }
    if !line.isEmpty || lines.isEmpty { lines.append(String(line)) }
    return lines
  }
}
