extension DockerEngine {
  /// Removes a name from an image, but not the image. The engine would remove an image together
  /// with its only name. So an empty image takes over the name and is removed with it.
  ///
  /// - Throws: `EngineError`, also if no image has that name.
  package func takeName(_ name: String) async throws {
    // Fails if no image was built, or another process has removed the name.
    _ = try await inspectImage(name)
    try await loadImages(Self.emptyImage(name))
    try await removeImage(name, force: false)
  }

  private static func emptyImage(_ name: String) -> [UInt8] {
    let config = """
      {"architecture":"amd64","config":{"Labels":{"name":"\(name)"}},"created":"1970-01-01T00:00:00Z",\
      "history":[],"os":"linux","rootfs":{"diff_ids":[],"type":"layers"}}
      """
    let manifest = #"[{"Config":"config.json","Layers":[],"RepoTags":["\#(name):latest"]}]"#
    let files = [("config.json", config), ("manifest.json", manifest)].map {
      FileArchive.File(path: $0, content: Array($1.utf8), mode: 0o644)
    }
    return FileArchive(files: files).bytes(time: 0) ?? []
  }
}
