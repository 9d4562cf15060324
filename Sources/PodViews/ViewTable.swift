import Program

/// A table whose columns the user can choose, and which has fewer columns on a narrow terminal.
package struct ViewTable: Sendable {
  /// A column.
  package struct Column: Sendable {
    /// The name in lower case, with which a user chooses the column.
    package let name: String
    /// The alignment of the column.
    package let alignment: TextTable.Alignment
    /// The position in the order in which a narrow terminal omits columns, beginning with 1; nil
    /// for a column that is never omitted.
    package let rank: Int?
    /// Whether the column is shown only if it is chosen.
    package let isExtra: Bool

    /// Whether the column is omitted if it has no content in any row, unless it is chosen.
    package let needsContent: Bool

    /// A column.
    package init(
      _ name: String, _ alignment: TextTable.Alignment = .left, rank: Int? = nil,
      isExtra: Bool = false, needsContent: Bool = false
    ) {
      (self.name, self.alignment, self.rank, self.isExtra) = (name, alignment, rank, isExtra)
      self.needsContent = needsContent
    }

    /// The title of the column.
    package var title: String { name.uppercased() }
  }

  /// An unknown column in the user's choice; one line.
  package struct UnknownColumn: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
  }

  private let columns: [Column]
  private var rows: [[TextTable.Cell]] = []

  /// A table without rows.
  ///
  /// - Parameter columns: all columns.
  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row.
  ///
  /// - Parameter cells: one cell for each column.
  package mutating func add(_ cells: [TextTable.Cell]) { rows.append(cells) }

  /// The columns that a list contains.
  ///
  /// - Parameters:
  ///   - list: names in any case, with commas between them.
  ///   - columns: the existing columns.
  /// - Returns: their indices, in the order of the list.
  /// - Throws: `UnknownColumn` with the existing names.
  package static func choice(
    _ list: String, of columns: [Column]
  ) throws(UnknownColumn) -> [Int] {
    var chosen: [Int] = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      let name = part.filter { $0 != " " }.lowercased()
      guard let index = columns.firstIndex(where: { $0.name == name }) else {
        let known = columns.map(\.name).joined(separator: ",")
        throw UnknownColumn(description: "unknown column '\(name)': known are \(known)")
      }
      chosen.append(index)
    }
    return chosen
  }

  private func isShown(_ index: Int) -> Bool {
    if columns[index].isExtra { return false }
    return !columns[index].needsContent || rows.contains { !["", "-"].contains($0[index].text) }
  }

  /// The lines of the table, with the titles first.
  ///
  /// - Parameters:
  ///   - terminal: gives colors and width.
  ///   - chosen: the columns to show, at any width; nil for the default columns that fit.
  /// - Returns: one line for each row. On a terminal no line is wider than the terminal.
  package func lines(for terminal: Terminal, chosen: [Int]? = nil) -> [String] {
    var shown = chosen ?? columns.indices.filter { isShown($0) }
    if chosen == nil, terminal.isTerminal, let limit = terminal.columns {
      let ranked = shown.filter { columns[$0].rank != nil }
        .sorted { columns[$0].rank ?? 0 < columns[$1].rank ?? 0 }
      for column in ranked where width(of: shown) > limit { shown.removeAll { $0 == column } }
    }
    var widths: [Int]?
    if terminal.isTerminal, let limit = terminal.columns {
      widths = fitting(shown, within: limit)
    }
    var table = TextTable(shown.map { (columns[$0].title, columns[$0].alignment) })
    for row in rows {
      table.add(
        shown.enumerated().map { index, column in
          widths.map { row[column].shortened(to: $0[index]) } ?? row[column]
        })
    }
    return table.lines(for: terminal, cuts: terminal.isTerminal)
  }

  /// The width of each column on a terminal. The widest columns are shortened, because a long ID
  /// would hide the other columns.
  private func fitting(_ shown: [Int], within limit: Int) -> [Int] {
    var widths = shown.map { width(of: [$0]) }
    while true {
      let excess = widths.reduce(2 * (widths.count - 1), +) - limit
      guard excess > 0, let widest = widths.max(), widest > Self.narrowest,
        let index = widths.firstIndex(of: widest)
      else { return widths }
      let next = widths.filter { $0 < widest }.max() ?? 0
      widths[index] = max(widest - excess, min(next, widest - 1), Self.narrowest)
    }
  }

  /// No column is shortened below this width.
  private static let narrowest = 16

  private func width(of shown: [Int]) -> Int {
    shown.reduce(2 * (shown.count - 1)) { sum, column in
      let cells = rows.map { $0[column].text.unicodeScalars.count }
      return sum + max(columns[column].title.unicodeScalars.count, cells.max() ?? 0)
    }
  }
}
