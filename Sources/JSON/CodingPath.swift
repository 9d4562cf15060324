/// Where a value is: its key, and where what holds it is. Only errors make an array of it.
final class CodingPath: Sendable {
  private let parent: CodingPath?
  private let key: any CodingKey

  init(_ parent: CodingPath?, _ key: any CodingKey) {
    self.parent = parent
    self.key = key
  }

  /// The keys from the outermost value on.
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

/// The key under which a superclass is coded by default.
struct SuperKey: CodingKey {
  init() {}
  init?(intValue: Int) { return nil }
  init?(stringValue: String) { return nil }

  var intValue: Int? { nil }
  var stringValue: String { "super" }
}
