/// An image (Engine API, "ImageInspect").
public struct ImageDetails: Sendable, Decodable {
  /// Its ID, `sha256:` and 64 hexadecimal digits.
  public let id: String
  /// Its names with tags.
  public let repoTags: [String]
  /// Its names with digests, of the registries that it was pulled from.
  public let repoDigests: [String]
  /// The processor that it is for.
  public let architecture: String
  /// The operating system that it is for.
  public let os: String
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
    architecture = try fields["Architecture"] ?? ""
    os = try fields["Os"] ?? ""
    config = try fields["Config"]
    let files: RootFileSystem? = try fields["RootFS"]
    layers = files?.layers ?? []
    let metadata: Metadata? = try fields["Metadata"]
    lastTagTime = metadata?.lastTagTime ?? ""
  }
}
