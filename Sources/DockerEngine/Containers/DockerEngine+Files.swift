import FoundationEssentials

extension DockerEngine {
  /// Unpacks files into a container, whether or not it runs; missing folders are made, and owners are the
  /// archive's (Engine API, "PutContainerArchive").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - folder: The folder that the files' paths are below.
  ///   - archive: The files.
  /// - Throws: `EngineError`: 403 where the place is read-only, 404 where there is no such container or folder.
  public func putArchive(_ id: String, at folder: String, _ archive: FileArchive) async throws {
    var call = EngineCall(
      "PUT", "/containers/\(component(id))/archive", query: [("path", folder)])
    guard let bytes = archive.bytes(time: Int64(Date().timeIntervalSince1970)) else {
      throw call.error(.configuration, "a file's path is too long for an archive")
    }
    call.body = bytes
    call.headers.append(("Content-Type", "application/x-tar"))
    try await send(call)
  }
}
