import OrderedCollections
import YAML

/// A command that runs in a service's container: an entry of `post_start:` or `pre_stop:` (Compose
/// specification, "post_start", "pre_stop").
package struct Hook: Sendable, Equatable {
  /// The position in the file.
  package var position: SourcePosition
  /// The command and its arguments.
  package var command: [String]
  /// `user:`; nil for the container's own.
  package var user: String?
  /// `privileged:`.
  package var privileged: Located<Bool>?
  /// `working_dir:`; nil for the container's own.
  package var workingDir: String?
  /// `environment:`, merged over the container's own; nil unsets a variable.
  package var environment: OrderedDictionary<String, String?> = [:]

  /// A command with the container's own settings.
  package init(position: SourcePosition, command: [String]) {
    self.position = position
    self.command = command
  }
}
