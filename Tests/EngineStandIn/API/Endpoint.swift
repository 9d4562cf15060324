/// An endpoint of the Engine API.
struct Endpoint: Sendable {
  /// The verb, in capitals.
  let method: String
  /// The path, without a version; `{id}` is any component, `{name}` one or more.
  let template: String
  let versions: Range<Int>
  let query: FieldTable
  /// Keys of the `filters` parameter.
  let filters: FieldTable
  /// The JSON that it takes; nil where it takes none.
  let body: FieldTable?
  /// The JSON that it answers with; nil where it answers with something else.
  let answer: FieldTable?
  /// Whether its answer is a stream of JSON objects.
  let streams: Bool
  /// Whether the connection is the process' own once the engine has answered.
  let takesOver: Bool
  /// Whether it takes bytes that are not looked at.
  let uploads: Bool

  /// `name` is the verb and the template, with the version that brought it: `HEAD /_ping@40`.
  init(
    _ name: String, query: String = "", filters: String = "", body: String? = nil,
    answer: String? = nil, streams: Bool = false, takesOver: Bool = false, uploads: Bool = false
  ) {
    let words = name.split(separator: " ")
    (template, versions) = FieldTable.range(words[1])
    method = String(words[0])
    self.query = FieldTable(query)
    self.filters = FieldTable(filters)
    self.body = body.map { FieldTable($0) }
    self.answer = answer.map { FieldTable($0) }
    self.streams = streams
    self.takesOver = takesOver
    self.uploads = uploads
  }

  /// Verb and template.
  var name: String { "\(method) \(template)" }

  /// Whether a path is one of this endpoint's.
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

  /// The endpoint of a request in a version; nil where there is none. One without a placeholder
  /// comes first.
  static func of(_ method: String, _ path: String, _ version: Int) -> Endpoint? {
    let found = EngineAPI.endpoints.filter {
      $0.method == method && $0.versions.contains(version) && $0.matches(path)
    }
    return found.first { !$0.template.contains("{") } ?? found.first
  }
}
