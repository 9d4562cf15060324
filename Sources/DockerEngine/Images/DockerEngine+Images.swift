import HTTPClient

extension DockerEngine {
  /// The details of one image, by name or ID (Engine API, "ImageInspect").
  /// - Throws: `EngineError`: 404 if the engine doesn't have the image.
  package func inspectImage(_ ref: String) async throws -> ImageDetails {
    try await decoded(EngineCall("GET", "/images/\(imagePath(ref))/json"))
  }

  /// The IDs of all images, including those without a name (Engine API, "ImageList").
  /// - Throws: `EngineError`.
  package func listImageIDs() async throws -> Set<String> {
    struct Listed: Decodable {
      let id: String
      enum CodingKeys: String, EngineKey { case id }
    }
    let images: [Listed] = try await decoded(EngineCall("GET", "/images/json"))
    return Set(images.map(\.id))
  }

  /// Removes a name of an image. Removes the image with its last name (Engine API, "ImageDelete").
  /// - Parameters:
  ///   - ref: Name or ID.
  ///   - force: Whether the engine removes it even if stopped containers use it or it has several
  ///     names.
  /// - Throws: `EngineError`: 409 if a container uses it.
  package func removeImage(_ ref: String, force: Bool) async throws {
    try await send(
      EngineCall("DELETE", "/images/\(imagePath(ref))", query: [("force", force ? "1" : "0")]))
  }

  /// Pulls an image (Engine API, "ImageCreate"). Returns when the engine has responded. The caller
  /// must read the sequence to its end.
  /// - Parameters:
  ///   - ref: `[registry/]name[:tag][@digest]`. The tag is `latest` if there is neither tag nor
  ///     digest.
  ///   - platform: `os[/arch[/variant]]`. Nil, or an engine whose API lacks it: the engine's own
  ///     platform.
  ///   - credentials: Credentials for the registry. Nil: anonymous.
  /// - Returns: The progress of the pull.
  /// - Throws: `EngineError`: 404 if there is no such image, 401 if the registry requires other
  ///   credentials.
  package func pullImage(
    _ ref: String, platform: String? = nil, credentials: RegistryCredentials? = nil
  ) async throws -> PullProgressSequence {
    let image = ImageReference(ref)
    var call = EngineCall(
      "POST", "/images/create", query: [("fromImage", image.name), ("tag", image.tag)])
    if let platform, try await ability().has(.pullPlatform) {
      call.query.append(("platform", platform))
    }
    if let credentials {
      call.headers.append(("X-Registry-Auth", try credentials.headerValue()))
    }
    // The engine responds after the registry has responded.
    call.extraTime = .seconds(60)
    do {
      return PullProgressSequence(body: try await stream(call).body, call: call)
    } catch let error as EngineError {
      guard case .status(let status) = error.kind, status >= 500 else { throw error }
      throw pullError(call, status: status, error.message)
    }
  }

  /// Loads the images of an archive (Engine API, "ImageLoad").
  /// - Parameter archive: A tar archive as `docker save` writes it.
  /// - Throws: `EngineError`.
  package func loadImages(_ archive: [UInt8]) async throws {
    var call = EngineCall("POST", "/images/load", query: [("quiet", "1")])
    call.headers.append(("Content-Type", "application/x-tar"))
    call.body = archive
    for try await _ in PullProgressSequence(body: try await stream(call).body, call: call) {}
  }

  /// Checks the platform of an image, for an engine that doesn't accept a platform in its requests.
  ///
  /// - Throws: `EngineError` with the text of newer engines: 404 if the platform differs.
  func check(_ platform: String, of image: String, for call: EngineCall) async throws {
    let details = try await inspectImage(image)
    guard !ImagePlatform(platform).fits(details) else { return }
    throw call.error(
      .status(404),
      "image with reference \(image) was found but does not match the specified platform: wanted "
        + "\(platform), actual: \(details.os)/\(details.architecture)")
  }

  private func imagePath(_ ref: String) -> String { percentEncoded(ref, keeping: "/:@") }
}
