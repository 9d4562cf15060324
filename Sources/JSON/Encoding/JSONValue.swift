/// An encoded value.
enum JSONValue {
  case null
  case bool(Bool)
  /// A number in its JSON notation.
  case number(String)
  case string(String)
  case array(JSONArray)
  case object(JSONObject)
  /// The result of an encoder that the caller may still use.
  case pending(JSONValueEncoder)
}

/// An array, shared by the containers that append to it.
final class JSONArray {
  var elements: [JSONValue] = []
}

/// An object, shared by the containers that add members.
final class JSONObject {
  private(set) var names: [String] = []
  private var values: [String: JSONValue] = [:]

  subscript(name: String) -> JSONValue? {
    get { values[name] }
    set {
      if values.updateValue(newValue ?? .null, forKey: name) == nil { names.append(name) }
    }
  }
}
