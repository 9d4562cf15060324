/// A container, network or volume of a pod.
package struct PodObject: Sendable, Hashable {
  /// The object's kind.
  package enum Kind: String, Sendable {
    case container, network, volume

    /// The plural, by which results of removals are counted.
    var plural: String { rawValue + "s" }
  }

  package let kind: Kind
  /// The engine's ID. A volume's ID is its name.
  package let id: String
  /// The name; the ID if the name is not known.
  package let name: String

  /// Whether it is the volume of the pod's external secrets, which is removed even if volumes are
  /// kept.
  package let isSecret: Bool

  /// Identifies an object.
  package init(_ kind: Kind, _ id: String, name: String? = nil, isSecret: Bool = false) {
    self.kind = kind
    self.id = id
    self.name = name ?? id
    self.isSecret = isSecret
  }
}

extension [PodObject] {
  /// The objects of one kind.
  package func of(_ kind: PodObject.Kind) -> [PodObject] { filter { $0.kind == kind } }
}
