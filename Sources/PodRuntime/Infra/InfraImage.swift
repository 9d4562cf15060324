import Concurrency
import DockerEngine
import Logging

/// The image of infrastructure containers: one program of about three hundred bytes, created
/// locally and never pulled.
///
/// It stays on the host for the next pod, and is identified by its contents. If its name belongs to
/// a different image, that image is replaced; a container is created from the ID of the image that
/// was checked.
struct InfraImage: Sendable {
  /// The image's name. Different contents need another tag.
  static let name = "compose-executor/infra:1"
  /// The path of its program.
  static let program = "/pause"

  let engine: DockerEngine
  let log: Logger

  /// Ensures that the engine has the image.
  ///
  /// - Parameter architecture: returns the engine's name of its processor; called if the image must
  ///   be created.
  /// - Returns: the image with its ID.
  /// - Throws: `EngineError`; `LaunchFailure` for a processor without a program.
  func provide(architecture: @Sendable () async throws -> String) async throws -> ResolvedImage {
    if let found = try await lookUp() { return found }
    let word = try await architecture()
    guard let program = PauseProgram(architecture: word) else {
      throw LaunchFailure(
        description:
          "shared namespaces need an infrastructure container, and none is available for a "
          + "'\(word)' processor: set share: none")
    }
    log.info("creating the image \(Self.name)")
    let archive = Self.archive(of: program)
    let engine = engine
    try await withoutCancellation { try await engine.loadImages(archive) }
    guard let made = try await lookUp() else {
      throw LaunchFailure(
        description: "the image \(Self.name) was created, but the engine doesn't have it")
    }
    return made
  }

  private func lookUp() async throws -> ResolvedImage? {
    do {
      let details = try await engine.inspectImage(Self.name)
      guard let program = PauseProgram(architecture: details.architecture),
        details.layers == [Self.layerDigest(of: program)],
        details.config?.entrypoint == [Self.program]
      else { return nil }
      return ResolvedImage(reference: details.id, id: details.id, hasHealthcheck: false)
    } catch let error as EngineError where error.isNotFound {
      return nil
    }
  }

  /// The image in the format of `docker save` (Docker Image Specification 1.2). The bytes, and so
  /// the ID, are always the same.
  static func archive(of program: PauseProgram) -> [UInt8] {
    let config = """
      {"architecture":"\(program.architecture)","config":{"Entrypoint":["\(Self.program)"]},\
      "created":"1970-01-01T00:00:00Z","history":[{"created":"1970-01-01T00:00:00Z"}],"os":"linux",\
      "rootfs":{"diff_ids":["\(layerDigest(of: program))"],"type":"layers"}}
      """
    let manifest = """
      [{"Config":"config.json","Layers":["layer.tar"],"RepoTags":["\(name)"]}]
      """
    return tar([
      .init(path: "layer.tar", content: layer(of: program), mode: 0o644),
      .init(path: "config.json", content: Array(config.utf8), mode: 0o644),
      .init(path: "manifest.json", content: Array(manifest.utf8), mode: 0o644),
    ])
  }

  /// The image's only layer.
  static func layer(of program: PauseProgram) -> [UInt8] {
    tar([.init(path: "pause", content: program.file, mode: 0o755)])
  }

  /// An archive of files without times, so that the same files give the same bytes.
  private static func tar(_ files: [FileArchive.File]) -> [UInt8] {
    guard let bytes = FileArchive(files: files).bytes(time: 0) else {
      preconditionFailure("the names above are short")
    }
    return bytes
  }

  /// The SHA-256 of the layer's bytes, which never change.
  static func layerDigest(of program: PauseProgram) -> String {
    switch program {
    case .x86: "sha256:e6e31785590e4b710c15783cd16eec3b87318cf09b6e0eccbd64acdfa706cea4"
    case .arm: "sha256:524994fa7f2019de052ac4169922171fd8a1a3882c41f6dfe20c591d9c6b5f84"
    }
  }
}
