/// A table for people: columns of equal width with two spaces between them. The first row contains
/// the titles.
package struct TextTable: Sendable {
  /// The alignment of a column.
  package enum Alignment: Sendable { case left, right }

  /// One cell: sanitized text without line breaks.
  package struct Cell: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
    /// The text of the cell.
    package var text: String
    /// The color of the cell, where colors are printed.
    package var color: Terminal.Color?

    /// A cell; control characters in its text are replaced.
    ///
    /// - Parameters:
    ///   - text: the text of the cell.
    ///   - color: its color.
    package init(_ text: String, _ color: Terminal.Color? = nil) {
      self.text = Printable.line(text, limit: 4096)
      self.color = color
    }

    /// The cell, truncated to a width, with `…` as its last character.
    ///
    /// - Parameter width: the width, in Unicode scalars.
    /// - Returns: the cell.
    package func shortened(to width: Int) -> Cell {
      guard text.unicodeScalars.count > width, width > 0 else { return self }
      var cell = self
      cell.text = String(String.UnicodeScalarView(text.unicodeScalars.prefix(width - 1))) + "…"
      return cell
    }

    /// A cell without a color.
    package init(stringLiteral value: String) { self.init(value) }
  }

  var rows: [[Cell]]
  let alignments: [Alignment]

  /// A table without rows.
  ///
  /// - Parameter columns: the title and alignment of each column.
  package init(_ columns: [(title: String, alignment: Alignment)]) {
    rows = [columns.map { Cell($0.title) }]
    alignments = columns.map(\.alignment)
  }

  init(rows: [[Cell]], alignments: [Alignment]) {
    self.rows = rows
    self.alignments = alignments
  }

  /// Adds a row.
  ///
  /// - Parameter cells: one cell for each column.
  package mutating func add(_ cells: [Cell]) {
    precondition(cells.count == alignments.count)
    rows.append(cells)
  }

  /// Whether the table has only titles.
  package var isEmpty: Bool { rows.count == 1 }

  /// The lines of the table.
  ///
  /// - Parameters:
  ///   - terminal: gives colors and width; nil for plain text of any width.
  ///   - cuts: whether a line that is wider than the terminal is truncated, with `…` as its last
  ///     character.
  /// - Returns: one line for each row, without trailing spaces.
  package func lines(for terminal: Terminal? = nil, cuts: Bool = false) -> [String] {
    let widths = widths
    return rows.map { row in
      // Without these cells the line has no trailing spaces.
      let last = row.lastIndex { !$0.text.isEmpty } ?? 0
      var line = ""
      var rest = cuts ? terminal?.columns ?? .max : .max
      for column in 0...last where rest > 0 {
        let cell = row[column]
        let gap = String(repeating: " ", count: widths[column] - cell.text.unicodeScalars.count)
        let isLeft = alignments[column] == .left
        let before = (column == 0 ? "" : "  ") + (isLeft ? "" : gap)
        let after = isLeft && column < last ? gap : ""
        line += Self.cut(before, to: &rest)
        let text = Self.cut(cell.text, to: &rest)
        line += terminal?.colored(text, cell.color) ?? text
        line += Self.cut(after, to: &rest)
      }
      return line
    }
  }

  /// The width of each column.
  var widths: [Int] {
    alignments.indices.map { column in
      rows.map { $0[column].text.unicodeScalars.count }.max() ?? 0
    }
  }

  private static func cut(_ text: String, to rest: inout Int) -> String {
    let count = text.unicodeScalars.count
    if rest == .max { return text }
    defer { rest = max(0, rest - count) }
    if count <= rest { return text }
    return rest == 0
      ? "" : String(String.UnicodeScalarView(text.unicodeScalars.prefix(rest - 1))) + "…"
  }
}
