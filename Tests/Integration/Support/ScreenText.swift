/// The contents of a terminal after a program's output, including the scrollback: lines, carriage
/// returns, cursor up and erased lines.
struct ScreenText {
  /// The lines, from the first printed one.
  private(set) var lines: [[Unicode.Scalar]] = [[]]
  private let columns: Int
  private var row = 0
  private var column = 0

  /// Displays a text on this number of columns.
  init(_ text: String, columns: Int) {
    self.columns = columns
    var scalars = text.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      switch scalar {
      case "\r": column = 0
      case "\n": move(to: row + 1)
      case "\u{1b}":
        var parameter = ""
        _ = scalars.next()
        while let next = scalars.next() {
          if next.properties.isAlphabetic {
            control(next, Int(parameter))
            break
          }
          parameter.unicodeScalars.append(next)
        }
      default: put(scalar)
      }
    }
  }

  /// The lines without trailing blanks.
  var text: [String] {
    lines.map { line in
      var line = line
      while line.last == " " { line.removeLast() }
      return String(String.UnicodeScalarView(line))
    }
  }

  private mutating func move(to row: Int) {
    self.row = max(0, row)
    while lines.count <= self.row { lines.append([]) }
  }

  private mutating func control(_ letter: Unicode.Scalar, _ number: Int?) {
    switch letter {
    case "A": move(to: row - (number ?? 1))
    case "K": lines[row] = []
    default: break
    }
  }

  private mutating func put(_ scalar: Unicode.Scalar) {
    if column == columns {
      column = 0
      move(to: row + 1)
    }
    while lines[row].count <= column { lines[row].append(" ") }
    lines[row][column] = scalar
    column += 1
  }
}
