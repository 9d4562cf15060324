/// The members of an object by name; of several with one name, the first one counts.
final class JSONMembers {
  /// Objects with more members use a table: the size of an object is untrusted.
  private static let mostWithoutTable = 16

  private let document: JSONDocument
  /// The nodes of the names; the node of a value follows that of its name.
  private let names: [UInt32]
  /// The last member found: each member is looked up several times in a row.
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
  /// - Returns: The node of its value.
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
