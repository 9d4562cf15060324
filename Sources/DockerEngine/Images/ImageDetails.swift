/// The details of an image (Engine API, "ImageInspect").
package struct ImageDetails: Sendable, Decodable {
  /// The image's ID: `sha256:` and 64 hexadecimal digits.
  package let id: String
  /// The image's names with tags.
  package let repoTags: [String]
  /// The image's names with digests, for the registries that it was pulled from.
  package let repoDigests: [String]
  /// The processor architecture.
  package let architecture: String
  /// The operating system.
  package let os: String
  /// The defaults for the image's containers.
  package let config: ContainerConfig?
  /// The digests of the unpacked layers, lowest first.
  package let layers: [String]

  private struct RootFileSystem: Decodable {
    let layers: [String]?
    enum CodingKeys: String, EngineKey { case layers }
  }
  /// When the engine last tagged the image, RFC 3339. Empty if the engine doesn't report it.
  package let lastTagTime: String

  private struct Metadata: Decodable {
    let lastTagTime: String?
    enum CodingKeys: String, EngineKey { case lastTagTime }
  }

  /// Decodes the engine's JSON. A missing or null field gets its empty value.
  package init(from decoder: any Decoder) throws {
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
