import Glibc
import HTTPClient
import JSON

extension DockerEngine {
  /// Unpacks files into a running or stopped container (Engine API, "PutContainerArchive"). The
  /// engine creates missing directories. The owners are those of the archive. A file never replaces
  /// a directory: the engine would first delete the directory with everything that is mounted
  /// there.
  /// - Parameters:
  ///   - id: ID or name.
  ///   - directory: The directory to which the paths of the files are relative.
  ///   - archive: The files.
  /// - Throws: `EngineError`: 403 if the location is read-only, 404 if there is no such container
  ///   or directory.
  package func putArchive(_ id: String, at directory: String, _ archive: FileArchive) async throws {
    var call = EngineCall(
      "PUT", "/containers/\(component(id))/archive",
      query: [("path", directory), ("noOverwriteDirNonDir", "1")])
    guard let bytes = archive.bytes(time: Int64(time(nil))) else {
      throw call.error(.configuration, "a file's path is too long for an archive")
    }
    call.body = bytes
    call.headers.append(("Content-Type", "application/x-tar"))
    try await send(call)
  }

  /// The target of a symbolic link in a container, with all links on the way resolved (Engine API,
  /// "ContainerArchiveInfo").
  /// - Parameters:
  ///   - id: ID or name.
  ///   - path: The absolute path of the link.
  /// - Returns: The path of the target in the container. Nil if `path` isn't a link.
  /// - Throws: `EngineError`: 404 if there is no such container or path.
  package func linkTarget(_ id: String, at path: String) async throws -> String? {
    struct Stat: Decodable { let linkTarget: String }
    let call = EngineCall("HEAD", "/containers/\(component(id))/archive", query: [("path", path)])
    let head = try await send(call).head
    guard let text = head.header("X-Docker-Container-Path-Stat"),
      let json = Base64.bytes(of: text)
    else { throw call.error(.malformed, "the response has no description of the path") }
    let stat: Stat = try decode(json, call)
    return stat.linkTarget.isEmpty ? nil : stat.linkTarget
  }
}
