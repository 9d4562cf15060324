import YAML

/// One entry of a service's `secrets:` or `configs:`, joined with what the top level says of it (Compose
/// specification, "secrets", "configs").
public struct FileMount: Sendable, Equatable {
  /// Which of the two it is.
  public enum Kind: String, Sendable {
    /// An entry of `secrets:`.
    case secret
    /// An entry of `configs:`.
    case config
  }
  /// Where its content comes from.
  public enum Source: Sendable, Equatable {
    /// A file of the host, absolute, which is mounted read-only.
    case file(path: String)
    /// A text, which is copied into the container before it starts.
    case content(String)
    /// A value that the operator's `secret-command` gives, which is never a part of the project.
    case external(External)
  }
  /// What is known of a secret or config whose value is kept elsewhere.
  public struct External: Sendable, Equatable {
    /// `name`: what the operator's program is asked for.
    public var name: String
    /// `labels` at the top level.
    public var labels: [String: String]
    /// Where the top level says `external`.
    public var position: SourcePosition

    /// Makes a reference to a value.
    public init(name: String, labels: [String: String], position: SourcePosition) {
      self.name = name
      self.labels = labels
      self.position = position
    }
  }
  /// Secret or config.
  public var kind: Kind
  /// The key at the top level.
  public var name: String
  /// Where it comes from.
  public var source: Source
  /// Its path in the container, absolute.
  public var target: String
  /// `uid`; nil for 0.
  public var uid: Int?
  /// `gid`; nil for 0.
  public var gid: Int?
  /// `mode`; nil for 0444.
  public var mode: UInt32?
  /// Where the service names it.
  public var position: SourcePosition

  /// Makes an entry that is owned by root.
  public init(
    kind: Kind, name: String, source: Source, target: String, position: SourcePosition
  ) {
    self.kind = kind
    self.name = name
    self.source = source
    self.target = target
    self.position = position
  }
}
