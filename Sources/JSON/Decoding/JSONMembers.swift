/// The members of an object by their names; of several with one name, the first counts.
final class JSONMembers {
  /// More are looked up by a table: objects are as large as whoever sends them likes.
  private static let mostWithoutTable = 16

  private let document: JSONDocument
  /// The nodes of the names; a value is behind its name.
  private let names: [UInt32]
  /// The last that was found: members are asked for several times in a row.
  private var last: Int?
  private lazy var table: [String: Int] = Dictionary(
    names.map { (document.string(document.nodes[Int($0)]), Int($0)) },
    uniquingKeysWith: { first, _ in first })

  init(_ document: JSONDocument, of index: Int) {
    self.document = document
    let object = document.nodes[index]
    var names: [UInt32] = []
    names.reserveCapacity(Int(object.count))
    var name = index + 1
    for _ in 0..<object.count {
      names.append(UInt32(name))
      name = Int(document.nodes[name + 1].next)
    }
    self.names = names
  }

  /// Finds a member.
  ///
  /// - Returns: the node of its value.
  func find(_ name: String) -> Int? {
    if let last, document.isString(document.nodes[last], name) { return last + 1 }
    let found =
      names.count > Self.mostWithoutTable
      ? table[name]
      : names.first { document.isString(document.nodes[Int($0)], name) }.map { Int($0) }
    last = found ?? last
    return found.map { $0 + 1 }
  }

  /// The names in the order of the text, each once.
  var all: [String] {
    var seen: Set<String> = []
    return names.compactMap {
      let name = document.string(document.nodes[Int($0)])
      return seen.insert(name).inserted ? name : nil
    }
  }
}
