/// mesos.v1.Resource of the types SCALAR, RANGES and SET.
package struct Resource: Codable, Sendable, Hashable {
  /// Value.Type by its name. An unknown name can be decoded too.
  package struct Kind: RawRepresentable, Codable, Sendable, Hashable {
    /// The name in the proto.
    package let rawValue: String

    /// A type with its name in the proto.
    package init(rawValue: String) {
      self.rawValue = rawValue
    }

    /// An amount.
    package static let scalar = Self(rawValue: "SCALAR")
    /// Ranges of integers, for example ports.
    package static let ranges = Self(rawValue: "RANGES")
    /// Named items.
    package static let set = Self(rawValue: "SET")
  }

  /// `cpus`, `mem`, `disk`, `gpus`, `ports`, or a name that the operator defines.
  package let name: String
  /// The type, which determines which of the values below is set.
  package let type: Kind
  /// The amount of a SCALAR: CPUs, MB.
  package let scalar: Double?
  /// The ranges of a RANGES resource in their original order, which is Marathon's order of ports.
  package let ranges: [ClosedRange<UInt64>]
  /// The items of a SET.
  package let set: [String]
  /// The role that the resource is allocated to; `*` is the default role. Agents since 1.3 send it
  /// in `allocation_info`.
  package let role: String
  /// Whether it is a persistent volume (`disk.persistence`). Its amount is then the volume's, not
  /// the sandbox's.
  package let isVolume: Bool
  /// The path in the sandbox at which the agent mounts a persistent volume
  /// (`disk.volume.container_path`); nil for other resources.
  package let volumePath: String?

  /// A resource.
  package init(
    name: String, type: Kind, scalar: Double? = nil, ranges: [ClosedRange<UInt64>] = [],
    set: [String] = [], role: String = "*", isVolume: Bool = false,
    volumePath: String? = nil
  ) {
    self.volumePath = volumePath
    self.isVolume = isVolume
    self.name = name
    self.type = type
    self.scalar = scalar
    self.ranges = ranges
    self.set = set
    self.role = role
  }

  private enum CodingKeys: String, CodingKey {
    case name, type, scalar, ranges, set, role, disk
    case allocation = "allocation_info"
  }

  private struct Ranges: Codable { let range: [Range]? }
  private struct Range: Codable {
    let begin: LenientInteger<UInt64>
    let end: LenientInteger<UInt64>
  }
  private struct Items: Codable { let item: [String]? }
  private struct Disk: Codable {
    struct Persistence: Codable { let id: String? }
    struct Volume: Codable {
      let path: String?
      private enum CodingKeys: String, CodingKey { case path = "container_path" }
    }
    let persistence: Persistence?
    let volume: Volume?
  }
  private struct Allocation: Codable { let role: String? }

  /// Decodes an agent's message. A range whose end is before its beginning is empty, as in Mesos.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    type = try values.decodeIfPresent(Kind.self, forKey: .type) ?? .scalar
    scalar = try values.decodeIfPresent(Scalar.self, forKey: .scalar)?.value
    let pairs = try values.decodeIfPresent(Ranges.self, forKey: .ranges)?.range ?? []
    ranges = pairs.compactMap { pair in
      pair.begin.value <= pair.end.value ? pair.begin.value...pair.end.value : nil
    }
    set = try values.decodeIfPresent(Items.self, forKey: .set)?.item ?? []
    let allocated = try values.decodeIfPresent(Allocation.self, forKey: .allocation)?.role
    // A disk of an unknown form is not a volume.
    let disk = try? values.decodeIfPresent(Disk.self, forKey: .disk)
    isVolume = disk?.persistence != nil
    volumePath = isVolume ? disk?.volume?.path : nil
    role = try allocated ?? values.decodeIfPresent(String.self, forKey: .role) ?? "*"
  }

  /// Encodes the fields that agents of all versions read.
  package func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(name, forKey: .name)
    try values.encode(type, forKey: .type)
    try values.encodeIfPresent(scalar.map(Scalar.init(value:)), forKey: .scalar)
    if !ranges.isEmpty {
      let pairs = ranges.map {
        Range(begin: LenientInteger($0.lowerBound), end: LenientInteger($0.upperBound))
      }
      try values.encode(Ranges(range: pairs), forKey: .ranges)
    }
    if !set.isEmpty { try values.encode(Items(item: set), forKey: .set) }
    try values.encode(role, forKey: .role)
    if isVolume {
      let volume = volumePath.map { Disk.Volume(path: $0) }
      try values.encode(Disk(persistence: .init(id: name), volume: volume), forKey: .disk)
    }
  }
}
