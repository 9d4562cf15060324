import CDBus

/// A D-Bus value (D-Bus specification, "Type System"), limited to the types that systemd's
/// interface needs.
enum DBusValue: Sendable, Equatable {
  case string(String)
  case objectPath(String)
  case unsigned(UInt64)
  case boolean(Bool)
  case bytes([UInt8])
  /// An array and the signature of its elements, which an empty array needs too.
  case array(of: String, [DBusValue])
  case structure([DBusValue])
  indirect case variant(DBusValue)
  /// A value of a type that this program doesn't use.
  case other

  /// The type signature.
  var signature: String {
    switch self {
    case .string: "s"
    case .objectPath: "o"
    case .unsigned: "t"
    case .boolean: "b"
    case .bytes: "ay"
    case .array(let element, _): "a" + element
    case .structure(let fields): "(" + fields.map(\.signature).joined() + ")"
    case .variant: "v"
    case .other: ""
    }
  }

  /// The text of a string or object path.
  var text: String? {
    switch self {
    case .string(let text), .objectPath(let text): text
    default: nil
    }
  }

  /// The elements of an array, or the fields of a structure.
  var elements: [DBusValue]? {
    switch self {
    case .array(_, let elements), .structure(let elements): elements
    default: nil
    }
  }
}

// MARK: Writing

extension DBusValue {
  /// Appends the value to a message under construction.
  ///
  /// - Throws: `SystemdError` if the value can't be sent: a string has a zero byte, or there is no
  ///   memory.
  func append(to iterator: inout DBusMessageIter) throws(SystemdError) {
    let isAppended: Bool
    switch self {
    case .string(let text): isAppended = Self.append(text, DBUS_TYPE_STRING, &iterator)
    case .objectPath(let text): isAppended = Self.append(text, DBUS_TYPE_OBJECT_PATH, &iterator)
    case .unsigned(var number):
      isAppended = dbus_message_iter_append_basic(&iterator, DBUS_TYPE_UINT64, &number) != 0
    case .boolean(let flag):
      var number: dbus_bool_t = flag ? 1 : 0
      isAppended = dbus_message_iter_append_basic(&iterator, DBUS_TYPE_BOOLEAN, &number) != 0
    case .bytes(let bytes):
      try Self.append(DBUS_TYPE_ARRAY, "y", to: &iterator) { inner throws(SystemdError) in
        for byte in bytes {
          var byte = byte
          guard dbus_message_iter_append_basic(&inner, DBUS_TYPE_BYTE, &byte) != 0 else {
            throw .unsendable
          }
        }
      }
      return
    case .array(let element, let values):
      try Self.append(DBUS_TYPE_ARRAY, element, to: &iterator) { inner throws(SystemdError) in
        for value in values { try value.append(to: &inner) }
      }
      return
    case .structure(let fields):
      try Self.append(DBUS_TYPE_STRUCT, nil, to: &iterator) { inner throws(SystemdError) in
        for field in fields { try field.append(to: &inner) }
      }
      return
    case .variant(let value):
      try Self.append(DBUS_TYPE_VARIANT, value.signature, to: &iterator) {
        inner throws(SystemdError) in try value.append(to: &inner)
      }
      return
    case .other: throw .unsendable
    }
    guard isAppended else { throw .unsendable }
  }

  private static func append(
    _ text: String, _ type: Int32, _ iterator: inout DBusMessageIter
  ) -> Bool {
    // libdbus requires UTF-8 without zero bytes. Object paths are valid by construction.
    if text.utf8.contains(0) { return false }
    return text.withCString { pointer in
      var pointer: UnsafePointer<CChar>? = pointer
      return dbus_message_iter_append_basic(&iterator, type, &pointer) != 0
    }
  }

  private static func append(
    _ type: Int32, _ signature: String?, to iterator: inout DBusMessageIter,
    _ fill: (inout DBusMessageIter) throws(SystemdError) -> Void
  ) throws(SystemdError) {
    var inner = DBusMessageIter()
    guard dbus_message_iter_open_container(&iterator, type, signature, &inner) != 0 else {
      throw .unsendable
    }
    do {
      try fill(&inner)
    } catch {
      dbus_message_iter_abandon_container(&iterator, &inner)
      throw error
    }
    guard dbus_message_iter_close_container(&iterator, &inner) != 0 else { throw .unsendable }
  }
}

// MARK: Reading

extension DBusValue {
  /// The arguments of a message.
  ///
  /// - Parameter message: a reply.
  /// - Returns: the arguments in order.
  static func arguments(of message: OpaquePointer) -> [DBusValue] {
    var iterator = DBusMessageIter()
    guard dbus_message_iter_init(message, &iterator) != 0 else { return [] }
    return all(in: &iterator)
  }

  private static func all(in iterator: inout DBusMessageIter) -> [DBusValue] {
    var values: [DBusValue] = []
    while dbus_message_iter_get_arg_type(&iterator) != DBUS_TYPE_INVALID {
      values.append(value(at: &iterator))
      dbus_message_iter_next(&iterator)
    }
    return values
  }

  private static func value(at iterator: inout DBusMessageIter) -> DBusValue {
    let type = dbus_message_iter_get_arg_type(&iterator)
    switch type {
    case DBUS_TYPE_STRING, DBUS_TYPE_OBJECT_PATH:
      var pointer: UnsafePointer<CChar>?
      dbus_message_iter_get_basic(&iterator, &pointer)
      let text = pointer.map { String(cString: $0) } ?? ""
      return type == DBUS_TYPE_STRING ? .string(text) : .objectPath(text)
    case DBUS_TYPE_UINT64:
      var number: UInt64 = 0
      dbus_message_iter_get_basic(&iterator, &number)
      return .unsigned(number)
    case DBUS_TYPE_UINT32:
      var number: UInt32 = 0
      dbus_message_iter_get_basic(&iterator, &number)
      return .unsigned(UInt64(number))
    case DBUS_TYPE_BOOLEAN:
      var flag: dbus_bool_t = 0
      dbus_message_iter_get_basic(&iterator, &flag)
      return .boolean(flag != 0)
    case DBUS_TYPE_BYTE:
      var byte: UInt8 = 0
      dbus_message_iter_get_basic(&iterator, &byte)
      return .unsigned(UInt64(byte))
    case DBUS_TYPE_ARRAY:
      let isBytes = dbus_message_iter_get_element_type(&iterator) == DBUS_TYPE_BYTE
      let elements = inner(of: &iterator)
      if isBytes {
        return .bytes(elements.map { if case .unsigned(let byte) = $0 { UInt8(byte) } else { 0 } })
      }
      return .array(of: elements.first?.signature ?? "", elements)
    case DBUS_TYPE_STRUCT: return .structure(inner(of: &iterator))
    case DBUS_TYPE_VARIANT: return .variant(inner(of: &iterator).first ?? .other)
    default: return .other
    }
  }

  private static func inner(of iterator: inout DBusMessageIter) -> [DBusValue] {
    var inner = DBusMessageIter()
    dbus_message_iter_recurse(&iterator, &inner)
    return all(in: &inner)
  }
}

/// The type codes. The C header defines them as character constants (D-Bus specification,
/// "Summary of types").
private let DBUS_TYPE_INVALID = Int32(0)
private let DBUS_TYPE_STRING = code("s")
private let DBUS_TYPE_OBJECT_PATH = code("o")
private let DBUS_TYPE_UINT64 = code("t")
private let DBUS_TYPE_UINT32 = code("u")
private let DBUS_TYPE_BOOLEAN = code("b")
private let DBUS_TYPE_BYTE = code("y")
private let DBUS_TYPE_ARRAY = code("a")
private let DBUS_TYPE_STRUCT = code("r")
private let DBUS_TYPE_VARIANT = code("v")

private func code(_ letter: Unicode.Scalar) -> Int32 { Int32(letter.value) }
