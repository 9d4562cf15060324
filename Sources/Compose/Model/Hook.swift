import OrderedCollections
import YAML

/// A command that runs in a service's container: an entry of `post_start:` or `pre_stop:` (Compose
/// specification, "post_start", "pre_stop").
public struct Hook: Sendable, Equatable {
  /// The position in the file.
  public var position: SourcePosition
  /// The command and its arguments.
  public var command: [String]
  /// `user:`; nil for the container's own.
  public var user: String?
  /// `privileged:`.
  public var privileged: Located<Bool>?
  /// `working_dir:`; nil for the container's own.
  public var workingDir: String?
  /// `environment:`, merged over the container's own; nil unsets a variable.
  public var environment: OrderedDictionary<String, String?> = [:]

  /// A command with the container's own settings.
  public init(position: SourcePosition, command: [String]) {
    self.position = position
    self.command = command
  }
}
