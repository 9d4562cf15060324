/// Decodes one value of a text.
struct JSONValueDecoder: Decoder {
  let source: JSONSource
  let path: CodingPath?
  /// The node of the value.
  let index: Int

  var codingPath: [any CodingKey] { CodingPath.keys(path) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }
  var node: JSONNode { source.document.nodes[index] }

  /// The decoder of a value inside this one.
  func inner(_ index: Int, _ key: any CodingKey) -> JSONValueDecoder {
    JSONValueDecoder(source: source, path: CodingPath(path, key), index: index)
  }

  func container<Key: CodingKey>(
    keyedBy type: Key.Type
  ) throws -> KeyedDecodingContainer<Key> {
    try expect(.object, index, nil, [String: Any].self, "keyed decoding container")
    return KeyedDecodingContainer(
      JSONKeyedValues(decoder: self, members: JSONMembers(source.document, of: index)))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try expect(.array, index, nil, [Any].self, "unkeyed decoding container")
    return JSONUnkeyedValues(decoder: self)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }
}

/// Decoding of values by the index of their nodes; the key is used in errors.
extension JSONValueDecoder {
  func isNull(_ index: Int) -> Bool { source.document.nodes[index].kind == .null }

  func bool(_ index: Int, _ key: (any CodingKey)?) throws -> Bool {
    switch source.document.nodes[index].kind {
    case .true: return true
    case .false: return false
    // Foundation throws this error for Bool only.
    case .null:
      throw DecodingError.typeMismatch(
        Bool.self, context(key, "Expected to decode Bool but found null instead."))
    default: throw mismatch(Bool.self, index, key)
    }
  }

  func string(_ index: Int, _ key: (any CodingKey)?) throws -> String {
    let node = source.document.nodes[index]
    guard node.kind == .string else { throw mismatch(String.self, index, key) }
    return source.document.string(node)
  }

  func integer<T: FixedWidthInteger>(
    _ type: T.Type, _ index: Int, _ key: (any CodingKey)?
  ) throws -> T {
    let node = source.document.nodes[index]
    guard node.kind == .number else { throw mismatch(type, index, key) }
    let text = source.document.text(node)
    guard let value = JSONInteger(text)?.value(as: type) else {
      throw unrepresentable(text, "\(type)", key)
    }
    return value
  }

  func float<T: BinaryFloatingPoint & LosslessStringConvertible>(
    _ type: T.Type, _ index: Int, _ key: (any CodingKey)?
  ) throws -> T {
    let node = source.document.nodes[index]
    if node.kind == .string,
      case .convertFromString(let infinity, let minus, let nan) = source.strategy
    {
      switch source.document.string(node) {
      case infinity: return .infinity
      case minus: return -.infinity
      case nan: return .nan
      default: throw mismatch(type, index, key)
      }
    }
    guard node.kind == .number else { throw mismatch(type, index, key) }
    let text = source.document.text(node)
    guard let value = T(String(decoding: text, as: UTF8.self)), value.isFinite else {
      throw unrepresentable(text, "\(type)", key)
    }
    return value
  }

  func value<T: Decodable>(
    _ type: T.Type, _ index: Int, _ key: any CodingKey
  ) throws -> T {
    // The standard library, which creates each name four times, decodes or rejects other values.
    if type == [String: String].self, let map = source.document.strings(of: index) as? T {
      return map
    }
    return try T(from: inner(index, key))
  }
}

extension JSONValueDecoder {
  func context(_ key: (any CodingKey)?, _ description: String) -> DecodingError.Context {
    .init(codingPath: CodingPath.keys(path, key), debugDescription: description)
  }

  /// Throws unless a node is of this kind.
  func expect(
    _ kind: JSONNode.Kind, _ index: Int, _ key: (any CodingKey)?, _ type: any Any.Type,
    _ container: String
  ) throws {
    let found = source.document.nodes[index].kind
    if found == kind { return }
    guard found == .null else { throw mismatch(type, index, key) }
    throw DecodingError.valueNotFound(
      type, context(key, "Cannot get \(container) -- found null value instead"))
  }

  func mismatch(_ type: any Any.Type, _ index: Int, _ key: (any CodingKey)?) -> DecodingError {
    let found =
      switch source.document.nodes[index].kind {
      case .null: "null"
      case .true, .false: "bool"
      case .number: "number"
      case .string: "a string"
      case .array: "an array"
      case .object: "a dictionary"
      }
    if isNull(index) {
      return .valueNotFound(
        type, context(key, "Cannot get value of type \(type) -- found null value instead"))
    }
    return .typeMismatch(
      type, context(key, "Expected to decode \(type) but found \(found) instead."))
  }

  private func unrepresentable(
    _ text: ArraySlice<UInt8>, _ type: String, _ key: (any CodingKey)?
  ) -> DecodingError {
    .dataCorrupted(
      context(
        key,
        "Parsed JSON number <\(String(decoding: text, as: UTF8.self))> does not fit in \(type)."))
  }
}
