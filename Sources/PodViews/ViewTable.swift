import Program

/// A table of which a user chooses columns, and which a narrow terminal shows less of.
package struct ViewTable: Sendable {
  /// A column.
  package struct Column: Sendable {
    /// Its name in lower case, by which it is chosen.
    package let name: String
    /// How it is set.
    package let alignment: TextTable.Alignment
    /// Where it stands among those that a narrow terminal leaves out, 1 being the first; nil for one that stays.
    package let rank: Int?
    /// Whether it is shown only where it is chosen.
    package let isExtra: Bool

    /// Whether it is left out where no row has anything in it, unless it is chosen.
    package let needsContent: Bool

    /// Makes a column.
    package init(
      _ name: String, _ alignment: TextTable.Alignment = .left, rank: Int? = nil,
      isExtra: Bool = false, needsContent: Bool = false
    ) {
      (self.name, self.alignment, self.rank, self.isExtra) = (name, alignment, rank, isExtra)
      self.needsContent = needsContent
    }

    /// What stands above it.
    package var title: String { name.uppercased() }
  }

  /// Columns that are chosen and don't exist; one line.
  package struct UnknownColumn: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
  }

  private let columns: [Column]
  private var rows: [[TextTable.Cell]] = []

  /// Makes a table without rows.
  ///
  /// - Parameter columns: all columns.
  package init(_ columns: [Column]) { self.columns = columns }

  /// Adds a row.
  ///
  /// - Parameter cells: one for each column.
  package mutating func add(_ cells: [TextTable.Cell]) { rows.append(cells) }

  /// The columns that a list names.
  ///
  /// - Parameters:
  ///   - list: names in any case, with commas between them.
  ///   - columns: those that there are.
  /// - Returns: their indices, in the order of the list.
  /// - Throws: `UnknownColumn` with the names that there are.
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

  /// The lines, titles first.
  ///
  /// - Parameters:
  ///   - terminal: its colors and width.
  ///   - chosen: the columns to show, whatever their width; nil for those that there is room for.
  /// - Returns: one line for each row; on a terminal none is wider.
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

  /// How wide columns may be so that all of them are seen: the widest ones are shortened, since a long ID would hide the rest.
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

  /// The width that no column is shortened below.
  private static let narrowest = 16

  private func width(of shown: [Int]) -> Int {
    shown.reduce(2 * (shown.count - 1)) { sum, column in
      let cells = rows.map { $0[column].text.unicodeScalars.count }
      return sum + max(columns[column].title.unicodeScalars.count, cells.max() ?? 0)
    }
  }
}
