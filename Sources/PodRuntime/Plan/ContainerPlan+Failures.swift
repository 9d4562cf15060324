import Compose
import DockerEngine
import OrderedCollections
import YAML

/// An error of the engine for a create or start request, if no line of the file is the cause.
struct StartFailure: Error, CustomStringConvertible {
  let description: String
  /// True if the engine didn't respond, so that the request may succeed later.
  let isEngineAway: Bool
}

extension ContainerPlan {
  /// Explains why the container can't be created or started, with the line of the file that is the
  /// cause, and the engine's message at the end.
  ///
  /// - Parameters:
  ///   - error: the engine's error.
  ///   - step: `created` or `started`.
  /// - Returns: a `DiagnosticError`; a `StartFailure` if the engine doesn't respond, or no line is
  ///   the cause.
  func explain(_ error: EngineError, doing step: String) -> any Error {
    let action = "\(title) can't be \(step)"
    let plain = "\(action): \(error.message)"
    switch error.kind {
    case .unreachable, .timedOut: return StartFailure(description: plain, isEngineAway: true)
    case .status where isInfra: return StartFailure(description: plain, isEngineAway: false)
    case .status: break
    case .tooOld:
      return DiagnosticError(plain, at: location(ofNewer: error.message) ?? service.position)
    default: return StartFailure(description: plain, isEngineAway: false)
    }
    for assigned in ports where isTaken(assigned, in: error.message) {
      return DiagnosticError(
        "host port \(assigned.host) of service '\(assigned.service)' is already in use",
        at: assigned.port.position)
    }
    if let refusal = devicesRefusal(error.message) { return refusal }
    for mode in [service.networkMode, service.pid, service.ipc] {
      if case .container(let id)? = mode?.value, let position = mode?.position,
        error.message.contains("No such container: \(id)")
      {
        return DiagnosticError(
          "service '\(service.name)' joins the container '\(id)', which doesn't exist", at: position
        )
      }
    }
    let fault = fault(in: error)
    if let fault {
      let image = service.image?.value ?? "of service '\(service.name)'"
      let explanation = fault.explanation.split(
        separator: "IMAGE", omittingEmptySubsequences: false
      )
      .joined(separator: image)
      return DiagnosticError(
        EngineFault.line(action, explanation, engine: error.message), at: fault.position)
    }
    for file in service.files {
      if case .file(let path) = file.source, error.message.contains(path) {
        return DiagnosticError(plain, at: file.position)
      }
    }
    return DiagnosticError(plain, at: service.position)
  }

  /// The known fault of the file that causes the engine's error; nil for other errors.
  func fault(in error: EngineError) -> (explanation: String, position: SourcePosition?)? {
    EngineFault.find(error.message, in: EngineFault.ofContainers) { key, object in
      location(of: key, object, in: error.message)
    }
  }

  /// The position of a key of the fault table; nil if the file doesn't have the key.
  private func location(of key: String, _ object: String, in text: String) -> SourcePosition? {
    switch key {
    case "program":
      return location(ofProgram: object)
    case "devices=\(object)":
      return service.devices.first { $0.value.prefix { $0 != ":" } == object }?.position
    case "mount=\(object)":
      return location(ofMount: object)
    case "address=\(object)":
      return location(joined: { $0.ipv4Address == object || $0.ipv6Address == object })
    case "address":
      return location(joined: { $0.ipv4Address != nil || $0.ipv6Address != nil })
    case "volume":
      guard let volume = volumeSources.first(where: { text.contains($0.key) })?.value else {
        return nil
      }
      return volume.locations["driver_opts"] ?? volume.locations["driver"] ?? volume.position
    case "image":
      return service.locations["image"] ?? service.locations["build"]
    case "file":
      return service.files.first { text.contains($0.target) }?.position
    default:
      return service.locations[key]
    }
  }

  /// The position of the key that needs a newer engine. The error's text begins with the feature.
  private func location(ofNewer text: String) -> SourcePosition? {
    EngineFeature.allCases.first { text.hasPrefix($0.subject + " needs ") }
      .flatMap { location(of: $0) }
  }

  /// The position of `entrypoint` or `command` if its first word is the program; otherwise of
  /// `entrypoint` or the image.
  private func location(ofProgram program: String) -> SourcePosition? {
    if let entrypoint = service.entrypoint, !entrypoint.isEmpty {
      if program.isEmpty || entrypoint[0] == program { return service.locations["entrypoint"] }
    }
    if let command = service.command, !command.isEmpty {
      if program.isEmpty || command[0] == program { return service.locations["command"] }
    }
    return service.locations["entrypoint"] ?? location(of: "image", "", in: "")
  }

  private func location(ofMount path: String) -> SourcePosition? {
    let mount = service.mounts.first { mount in
      if case .bind(let source) = mount.source { return source == path }
      return mount.target == path
    }
    if let mount { return mount.position }
    return service.files.first { $0.source == .file(path: path) || $0.target == path }?.position
  }

  /// The position of the fixed address on the first network whose attachment matches.
  private func location(joined isMeant: (NetworkAttachment) -> Bool) -> SourcePosition? {
    for (key, attachment) in service.networks where isMeant(attachment) {
      return service.locations["networks.\(key).ipv4_address"]
        ?? service.locations["networks.\(key).ipv6_address"] ?? attachment.position
    }
    return nil
  }

  func isTaken(_ port: AssignedPort, in message: String) -> Bool {
    guard message.contains("already allocated") || message.contains("address already in use")
    else { return false }
    return port.host != .engineChooses && message.contains(":\(port.host)")
  }
}
