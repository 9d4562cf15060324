import Compose
let emptyTree = YAMLNode()
