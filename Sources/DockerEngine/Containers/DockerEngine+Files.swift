import Glibc
import HTTPClient
import JSON

extension DockerEngine {
  /// Unpacks files into a container, whether or not it runs; missing folders are made, and owners are the
  /// archive's (Engine API, "PutContainerArchive"). A folder is never replaced by a file: the engine would
  /// delete it first, with all that is mounted there.
  /// - Parameters:
  ///   - id: ID or name.
  ///   - folder: The folder that the files' paths are below.
  ///   - archive: The files.
  /// - Throws: `EngineError`: 403 where the place is read-only, 404 where there is no such container or folder.
  public func putArchive(_ id: String, at folder: String, _ archive: FileArchive) async throws {
    var call = EngineCall(
      "PUT", "/containers/\(component(id))/archive",
      query: [("path", folder), ("noOverwriteDirNonDir", "1")])
    guard let bytes = archive.bytes(time: Int64(time(nil))) else {
      throw call.error(.configuration, "a file's path is too long for an archive")
    }
    call.body = bytes
    call.headers.append(("Content-Type", "application/x-tar"))
    try await send(call)
  }

  /// Where a symbolic link in a container leads to, all links on the way followed (Engine API,
  /// "ContainerArchiveInfo").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - path: The link's path, absolute.
  /// - Returns: The path in the container; nil for what is no link.
  /// - Throws: `EngineError`: 404 where there is no such container or path.
  public func linkTarget(_ id: String, at path: String) async throws -> String? {
    struct Stat: Decodable { let linkTarget: String }
    let call = EngineCall("HEAD", "/containers/\(component(id))/archive", query: [("path", path)])
    let head = try await send(call).head
    guard let text = head.header("X-Docker-Container-Path-Stat"),
      let json = Base64.bytes(of: text)
    else { throw call.error(.malformed, "the answer has no description of the path") }
    let stat: Stat = try decode(json, call)
    return stat.linkTarget.isEmpty ? nil : stat.linkTarget
  }
}
