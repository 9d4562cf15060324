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
    enum CodingKeys: String, EngineKey { case layers }
  }
  /// When the engine last gave it a name, RFC 3339; empty where it doesn't say.
  public let lastTagTime: String

  private struct Metadata: Decodable {
    let lastTagTime: String?
    enum CodingKeys: String, EngineKey { case lastTagTime }
  }

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    id = try fields.required("Id")
    repoTags = try fields["RepoTags"] ?? []
    repoDigests = try fields["RepoDigests"] ?? []
    created = try fields["Created"] ?? ""
    architecture = try fields["Architecture"] ?? ""
    os = try fields["Os"] ?? ""
    size = try fields["Size"] ?? 0
    config = try fields["Config"]
    let files: RootFileSystem? = try fields["RootFS"]
    layers = files?.layers ?? []
    let metadata: Metadata? = try fields["Metadata"]
    lastTagTime = metadata?.lastTagTime ?? ""
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

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    id = try fields.required("Id")
    repoTags = try fields["RepoTags"] ?? []
    repoDigests = try fields["RepoDigests"] ?? []
    created = try fields["Created"] ?? 0
    size = try fields["Size"] ?? 0
    labels = try fields["Labels"] ?? [:]
  }
}

/// One step of an image's removal (Engine API, "ImageDeleteResponseItem").
public struct ImageRemoval: Sendable, Decodable {
  /// A name that was removed.
  public let untagged: String?
  /// An ID that was removed.
  public let deleted: String?

  /// Reads the engine's JSON; what it leaves out or sends as null is empty.
  public init(from decoder: any Decoder) throws {
    let fields = try EngineFields(decoder)
    untagged = try fields["Untagged"]
    deleted = try fields["Deleted"]
  }
}
