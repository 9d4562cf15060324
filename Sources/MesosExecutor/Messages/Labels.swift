/// mesos.v1.Label: a key, with or without a value.
package struct Label: Codable, Sendable, Hashable {
  /// The key; not necessarily unique.
  package let key: String
  /// The value; nil where the label has none.
  package let value: String?

  /// A label.
  package init(key: String, value: String? = nil) {
    self.key = key
    self.value = value
  }
}

/// mesos.v1.Labels in their encoded form: `{"labels": […]}`.
struct LabelList: Codable, Sendable, Hashable {
  let labels: [Label]?

  init?(_ labels: [Label]) {
    guard !labels.isEmpty else { return nil }
    self.labels = labels
  }
}

extension KeyedDecodingContainer {
  func labels(_ key: Key) throws -> [Label] {
    try decodeIfPresent(LabelList.self, forKey: key)?.labels ?? []
  }
}
