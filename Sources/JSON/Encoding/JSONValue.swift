/// An encoded value.
enum JSONValue {
  case null
  case bool(Bool)
  /// A number, as it is written.
  case number(String)
  case string(String)
  case array(JSONArray)
  case object(JSONObject)
  /// What an encoder that was handed out may still encode.
  case pending(JSONValueEncoder)
}

/// An array while containers add to it.
final class JSONArray {
  var elements: [JSONValue] = []
}

/// An object while containers add to it.
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
