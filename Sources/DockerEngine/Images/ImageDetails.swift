/// An image (Engine API, "ImageInspect").
public struct ImageDetails: Sendable, Decodable {
  /// Its ID, `sha256:` and 64 hexadecimal digits.
  public let id: String
  /// Its names with tags.
  public let repoTags: [String]
  /// Its names with digests.
  public let repoDigests: [String]
  /// When it was made, RFC 3339.
  public let created: String
  /// The processor that it is for.
  public let architecture: String
  /// The operating system that it is for.
  public let os: String
  /// Size in bytes.
  public let size: Int
  /// What its containers run by default.
  public let config: ContainerConfig?
  /// The digests of its layers, unpacked, lowest first.
  public let layers: [String]

  private struct RootFileSystem: Decodable {
    let layers: [String]?
    enum CodingKeys: String, CodingKey { case layers = "Layers" }
  }
  /// When the engine last gave it a name, RFC 3339; empty where it doesn't say.
  public let lastTagTime: String

  private struct Metadata: Decodable {
    let lastTagTime: String?
    enum CodingKeys: String, CodingKey { case lastTagTime = "LastTagTime" }
  }

  enum CodingKeys: String, CodingKey {
    case id = "Id"
    case repoTags = "RepoTags"
    case repoDigests = "RepoDigests"
    case created = "Created"
    case architecture = "Architecture"
    case os = "Os"
    case size = "Size"
    case config = "Config"
    case rootFileSystem = "RootFS"
    case metadata = "Metadata"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.decode(String.self, forKey: .id)
    repoTags = try fields.value(.repoTags, default: [])
    repoDigests = try fields.value(.repoDigests, default: [])
    created = try fields.value(.created, default: "")
    architecture = try fields.value(.architecture, default: "")
    os = try fields.value(.os, default: "")
    size = try fields.value(.size, default: 0)
    config = try fields.decodeIfPresent(ContainerConfig.self, forKey: .config)
    layers =
      try fields.decodeIfPresent(RootFileSystem.self, forKey: .rootFileSystem)?.layers ?? []
    lastTagTime =
      try fields.decodeIfPresent(Metadata.self, forKey: .metadata)?.lastTagTime ?? ""
  }
}

/// An image in a list (Engine API, "ImageSummary").
public struct ImageSummary: Sendable, Decodable {
  /// Its ID, `sha256:` and 64 hexadecimal digits.
  public let id: String
  /// Its names with tags.
  public let repoTags: [String]
  /// Its names with digests.
  public let repoDigests: [String]
  /// When it was made, seconds since 1970.
  public let created: Int
  /// Size in bytes.
  public let size: Int
  /// Labels.
  public let labels: [String: String]

  enum CodingKeys: String, CodingKey {
    case id = "Id"
    case repoTags = "RepoTags"
    case repoDigests = "RepoDigests"
    case created = "Created"
    case size = "Size"
    case labels = "Labels"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    id = try fields.decode(String.self, forKey: .id)
    repoTags = try fields.value(.repoTags, default: [])
    repoDigests = try fields.value(.repoDigests, default: [])
    created = try fields.value(.created, default: 0)
    size = try fields.value(.size, default: 0)
    labels = try fields.value(.labels, default: [:])
  }
}

/// One step of an image's removal (Engine API, "ImageDeleteResponseItem").
public struct ImageRemoval: Sendable, Decodable {
  /// A name that was removed.
  public let untagged: String?
  /// An ID that was removed.
  public let deleted: String?

  enum CodingKeys: String, CodingKey {
    case untagged = "Untagged"
    case deleted = "Deleted"
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    untagged = try fields.decodeIfPresent(String.self, forKey: .untagged)
    deleted = try fields.decodeIfPresent(String.self, forKey: .deleted)
  }
}
