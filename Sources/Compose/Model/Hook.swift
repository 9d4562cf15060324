import OrderedCollections
import YAML

/// A command in a service's container: an entry of `post_start:` or `pre_stop:` (Compose specification, "post_start",
/// "pre_stop").
public struct Hook: Sendable, Equatable {
  /// Where it stands.
  public var position: SourcePosition
  /// The command and its arguments.
  public var command: [String]
  /// `user:`; nil for the container's own.
  public var user: String?
  /// `privileged:`.
  public var privileged: Located<Bool>?
  /// `working_dir:`; nil for the container's own.
  public var workingDir: String?
  /// `environment:`, over the container's own; nil takes a variable away.
  public var environment: OrderedDictionary<String, String?> = [:]

  /// A plain command.
  public init(position: SourcePosition, command: [String]) {
    self.position = position
    self.command = command
  }
}
