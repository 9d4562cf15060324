import HTTPClient

extension DockerEngine {
  /// All about one image, by name or ID (Engine API, "ImageInspect").
  /// - Throws: `EngineError`: 404 where the engine doesn't have it.
  public func inspectImage(_ ref: String) async throws -> ImageDetails {
    try await decoded(EngineCall("GET", "/images/\(imagePath(ref))/json"))
  }

  /// The IDs of all images, those without a name among them (Engine API, "ImageList").
  /// - Throws: `EngineError`.
  public func listImageIDs() async throws -> Set<String> {
    struct Listed: Decodable {
      let id: String
      enum CodingKeys: String, EngineKey { case id }
    }
    let images: [Listed] = try await decoded(EngineCall("GET", "/images/json"))
    return Set(images.map(\.id))
  }

  /// Removes a name of an image, and the image with its last name (Engine API, "ImageDelete").
  /// - Parameters:
  ///   - ref: Name or ID.
  ///   - force: Whether it goes even if stopped containers use it or it has several names.
  /// - Throws: `EngineError`: 409 where a container uses it.
  public func removeImage(_ ref: String, force: Bool) async throws {
    try await send(
      EngineCall("DELETE", "/images/\(imagePath(ref))", query: [("force", force ? "1" : "0")]))
  }

  /// Pulls an image (Engine API, "ImageCreate"). Returns when the engine has answered; read the sequence to its end.
  /// - Parameters:
  ///   - ref: `[registry/]name[:tag][@digest]`; without either the tag is `latest`.
  ///   - platform: `os[/arch[/variant]]`; nil is the engine's own, as where its API lacks it.
  ///   - credentials: For the registry; nil asks without.
  /// - Returns: the pull's progress, to its end.
  /// - Throws: `EngineError`: 404 where there is no such image, 401 where the registry wants other credentials.
  public func pullImage(
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
    // The engine answers when the registry has.
    call.extraTime = .seconds(60)
    do {
      return PullProgressSequence(body: try await stream(call).body, call: call)
    } catch let error as EngineError {
      guard case .status(let status) = error.kind, status >= 500 else { throw error }
      throw pullError(call, status: status, error.message)
    }
  }

  /// Takes in the images of an archive (Engine API, "ImageLoad").
  /// - Parameter archive: A tar archive as `docker save` writes it.
  /// - Throws: `EngineError`.
  public func loadImages(_ archive: [UInt8]) async throws {
    var call = EngineCall("POST", "/images/load", query: [("quiet", "1")])
    call.headers.append(("Content-Type", "application/x-tar"))
    call.body = archive
    for try await _ in PullProgressSequence(body: try await stream(call).body, call: call) {}
  }

  /// Checks that an image is for a platform, in place of an engine that can't be asked for one.
  ///
  /// - Throws: `EngineError` with the words of those that can: 404 where it isn't.
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
