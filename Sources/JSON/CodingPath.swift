/// The path of a value, as a linked list of keys: an array is created only for errors.
final class CodingPath: Sendable {
  private let parent: CodingPath?
  private let key: any CodingKey

  init(_ parent: CodingPath?, _ key: any CodingKey) {
    self.parent = parent
    self.key = key
  }

  /// The keys, beginning at the outermost value.
  static func keys(_ path: CodingPath?, _ last: (any CodingKey)? = nil) -> [any CodingKey] {
    var keys: [any CodingKey] = last.map { [$0] } ?? []
    var path = path
    while let current = path {
      keys.append(current.key)
      path = current.parent
    }
    return keys.reversed()
  }
}

/// The key of an array's element.
struct IndexKey: CodingKey {
  let index: Int

  init(_ index: Int) { self.index = index }
  init?(intValue: Int) { index = intValue }
  init?(stringValue: String) { return nil }

  var intValue: Int? { index }
  var stringValue: String { "Index \(index)" }
}

/// The default key of an encoded superclass.
struct SuperKey: CodingKey {
  init() {}
  init?(intValue: Int) { return nil }
  init?(stringValue: String) { return nil }

  var intValue: Int? { nil }
  var stringValue: String { "super" }
}
