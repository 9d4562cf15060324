/// The elements of an array, in order.
struct JSONUnkeyedValues: UnkeyedDecodingContainer {
  let decoder: JSONValueDecoder
  private(set) var currentIndex = 0
  /// The node of the next element.
  private var position: Int

  init(decoder: JSONValueDecoder) {
    self.decoder = decoder
    position = decoder.index + 1
  }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { Int(decoder.node.count) }
  var isAtEnd: Bool { currentIndex >= Int(decoder.node.count) }

  mutating func decodeNil() throws -> Bool {
    guard decoder.isNull(try element(Any?.self)) else { return false }
    advance()
    return true
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool {
    try next(type) { try $0.bool($1, $2) }
  }
  mutating func decode(_ type: String.Type) throws -> String {
    try next(type) { try $0.string($1, $2) }
  }
  mutating func decode(_ type: Double.Type) throws -> Double {
    try next(type) { try $0.float(type, $1, $2) }
  }
  mutating func decode(_ type: Float.Type) throws -> Float {
    try next(type) { try $0.float(type, $1, $2) }
  }
  mutating func decode(_ type: Int.Type) throws -> Int {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: Int8.Type) throws -> Int8 {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: Int16.Type) throws -> Int16 {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: Int32.Type) throws -> Int32 {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: Int64.Type) throws -> Int64 {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: UInt.Type) throws -> UInt {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: UInt8.Type) throws -> UInt8 {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: UInt16.Type) throws -> UInt16 {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: UInt32.Type) throws -> UInt32 {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode(_ type: UInt64.Type) throws -> UInt64 {
    try next(type) { try $0.integer(type, $1, $2) }
  }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    try next(type) { try $0.value(type, $1, $2) }
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try next([String: Any].self) { try $0.inner($1, $2).container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next([Any].self) { try $0.inner($1, $2).unkeyedContainer() }
  }

  mutating func superDecoder() throws -> any Decoder {
    try next((any Decoder).self) { $0.inner($1, $2) }
  }

  /// Reads the next element and advances if it can be read.
  private mutating func next<T>(
    _ type: any Any.Type, _ read: (JSONValueDecoder, Int, IndexKey) throws -> T
  ) throws -> T {
    let value = try read(decoder, try element(type), IndexKey(currentIndex))
    advance()
    return value
  }

  private func element(_ type: any Any.Type) throws -> Int {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type, decoder.context(IndexKey(currentIndex), "Unkeyed container is at end."))
    }
    return position
  }

  private mutating func advance() {
    position = Int(decoder.source.document.nodes[position].next)
    currentIndex += 1
  }
}
