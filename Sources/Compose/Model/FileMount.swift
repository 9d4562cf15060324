import YAML

/// One entry of a service's `secrets:` or `configs:`, combined with its top-level definition
/// (Compose specification, "secrets", "configs").
package struct FileMount: Sendable, Equatable {
  /// The type of entry.
  package enum Kind: String, Sendable {
    /// An entry of `secrets:`.
    case secret
    /// An entry of `configs:`.
    case config
  }
  /// The source of the content.
  package enum Source: Sendable, Equatable {
    /// A file of the host, absolute, mounted read-only.
    case file(path: String)
    /// A text that is copied into the container before it starts.
    case content(String)
    /// A value that the operator's `secret-command` returns and that is never part of the project.
    case external(External)
  }
  /// A reference to a secret or config whose value is stored outside the project.
  package struct External: Sendable, Equatable {
    /// `name`: the name that the operator's command receives.
    package var name: String
    /// `labels` of the top-level definition.
    package var labels: [String: String]
    /// The position of `external` in the top-level definition.
    package var position: SourcePosition

    /// Creates a reference to a value.
    package init(name: String, labels: [String: String], position: SourcePosition) {
      self.name = name
      self.labels = labels
      self.position = position
    }
  }
  /// Secret or config.
  package var kind: Kind
  /// The key at the top level.
  package var name: String
  /// The source of the content.
  package var source: Source
  /// The absolute path in the container.
  package var target: String
  /// `uid`; nil for 0.
  package var uid: Int?
  /// `gid`; nil for 0.
  package var gid: Int?
  /// `mode`; nil for 0444.
  package var mode: UInt32?
  /// The position of the service's entry.
  package var position: SourcePosition

  /// Creates an entry with owner root and the default mode.
  package init(
    kind: Kind, name: String, source: Source, target: String, position: SourcePosition
  ) {
    self.kind = kind
    self.name = name
    self.source = source
    self.target = target
    self.position = position
  }
}
