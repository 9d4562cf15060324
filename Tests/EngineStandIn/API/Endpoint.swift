/// An endpoint of the Engine API.
struct Endpoint: Sendable {
  /// The method, in capitals.
  let method: String
  /// The path, without a version. `{id}` is any one component, `{name}` is one or more.
  let template: String
  let versions: Range<Int>
  let query: FieldTable
  /// Keys of the `filters` parameter.
  let filters: FieldTable
  /// The JSON of the request body. Nil if the endpoint accepts no JSON.
  let body: FieldTable?
  /// The JSON of the response. Nil if the response isn't JSON.
  let response: FieldTable?
  /// Whether the response is a stream of JSON objects.
  let streams: Bool
  /// Whether the connection becomes a raw stream of the process after the response.
  let takesOver: Bool
  /// Whether the request has a body that isn't checked.
  let uploads: Bool

  /// `name` is the method and the template, with the version that introduced it: `HEAD /_ping@40`.
  init(
    _ name: String, query: String = "", filters: String = "", body: String? = nil,
    response: String? = nil, streams: Bool = false, takesOver: Bool = false, uploads: Bool = false
  ) {
    let words = name.split(separator: " ")
    (template, versions) = FieldTable.range(words[1])
    method = String(words[0])
    self.query = FieldTable(query)
    self.filters = FieldTable(filters)
    self.body = body.map { FieldTable($0) }
    self.response = response.map { FieldTable($0) }
    self.streams = streams
    self.takesOver = takesOver
    self.uploads = uploads
  }

  /// The method and the template.
  var name: String { "\(method) \(template)" }

  /// Whether a path belongs to this endpoint.
  func matches(_ path: String) -> Bool {
    guard let open = template.firstIndex(of: "{"), let close = template.firstIndex(of: "}") else {
      return path == template
    }
    let (start, end) = (template[..<open], template[template.index(after: close)...])
    guard path.hasPrefix(start), path.hasSuffix(end), path.count > start.count + end.count else {
      return false
    }
    let middle = path.dropFirst(start.count).dropLast(end.count)
    return template[open...close] == "{name}" || !middle.contains("/")
  }

  /// The endpoint of a request in an API version. Nil if there is none. A template without a
  /// placeholder takes precedence.
  static func of(_ method: String, _ path: String, _ version: Int) -> Endpoint? {
    let found = EngineAPI.endpoints.filter {
      $0.method == method && $0.versions.contains(version) && $0.matches(path)
    }
    return found.first { !$0.template.contains("{") } ?? found.first
  }
}
