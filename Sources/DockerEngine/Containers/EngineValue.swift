/// Any JSON value. It is for responses that the program passes on with fields that it doesn't use.
package indirect enum EngineValue: Sendable, Equatable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case list([EngineValue])
  /// The fields, sorted by key.
  case object([Field])

  /// A key of an object and its value.
  package struct Field: Sendable, Equatable {
    /// The key.
    package let key: String
    /// The value.
    package let value: EngineValue

    /// Creates a field.
    package init(_ key: String, _ value: EngineValue) {
      self.key = key
      self.value = value
    }
  }

  /// The value of a key. Nil if the value isn't an object or lacks the key.
  package subscript(key: String) -> EngineValue? {
    guard case .object(let fields) = self else { return nil }
    return fields.first { $0.key == key }?.value
  }
}

extension EngineValue: Decodable {
  /// Decodes any JSON value. Sorts the keys of objects.
  package init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let boolean = try? value.decode(Bool.self) {
      self = .boolean(boolean)
    } else if let integer = try? value.decode(Int64.self) {
      self = .integer(integer)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else if let text = try? value.decode(String.self) {
      self = .text(text)
    } else if let list = try? value.decode([EngineValue].self) {
      self = .list(list)
    } else {
      let fields = try value.decode([String: EngineValue].self)
      self = .object(fields.sorted { $0.key < $1.key }.map { Field($0.key, $0.value) })
    }
  }
}

extension DockerEngine {
  /// The engine's full description of one container (Engine API, "ContainerInspect"). Environment,
  /// labels, command and options may contain secrets.
  /// - Parameter id: ID or name.
  /// - Returns: The engine's JSON.
  /// - Throws: `EngineError`.
  package func inspection(of id: String) async throws -> EngineValue {
    try await decoded(EngineCall("GET", "/containers/\(component(id))/json"))
  }
}
