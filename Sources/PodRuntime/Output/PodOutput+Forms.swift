import DockerEngine

extension PodOutput {
  /// Writes lines of a service in this output's format.
  ///
  /// - Parameters:
  ///   - lines: completed lines of `LineAssembler`.
  ///   - piece: their description.
  ///   - service: the service.
  ///   - isHook: whether a hook of the service wrote them.
  ///   - stream: the stream that they were written to.
  func write(
    _ lines: [UInt8], _ piece: OutputPiece, of service: String, isHook: Bool = false,
    to stream: OutputStreamKind
  ) async {
    if isJSON {
      let name: StaticString = stream == .stdout ? "stdout" : "stderr"
      return await standardOutput.write(
        JSONLine.output(lines, service: service, isHook: isHook, stream: name))
    }
    switch stream {
    case .stdout: await standardOutput.write(lines, piece)
    case .stderr: await standardError.write(lines, piece)
    }
  }

  /// Writes a message about the output into the output.
  ///
  /// - Parameter message: the message.
  func notice(_ message: String) async {
    guard isJSON else { return await standardError.line("compose-executor: " + message) }
    var object = JSONLine("notice")
    object.add("message", message)
    await standardOutput.write(object.line)
  }
}
