/// A node of a YAML document; replaced by the real one.
public struct YAMLNode: Sendable { public init() {} }
