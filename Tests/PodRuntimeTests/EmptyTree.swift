import Compose
import OrderedCollections
import YAML

/// The tree of a project that is never printed.
let emptyTree = YAMLNode(
  .mapping([:]), at: SourcePosition(file: "compose.yaml", line: 1, column: 1))
