import Compose
import Concurrency
import Dispatch
import DockerEngine
import Linux
import PodControl
import PodIdentity
import YAML

/// Details from the engine and the host that complete a failure: the user of a port, the platform
/// of an image.
extension Pod {
  /// Explains why a container can't be created or started, adds the host's details, and records the
  /// error as an event.
  func explanation(
    of error: EngineError, for container: ContainerPlan, doing step: String
  ) async -> any Error {
    let explained = await completed(error, for: container, doing: step)
    if !isEnding { history.record(.serviceFailed, service: container.label, "\(explained)") }
    return explained
  }

  private func completed(
    _ error: EngineError, for container: ContainerPlan, doing step: String
  ) async -> any Error {
    let explained = explain(error, of: container, doing: step)
    guard let explained = explained as? DiagnosticError else { return explained }
    var more: String?
    if let port = container.takenPort(in: error) {
      more = await user(of: port.number, port.transport).map { " by \($0)" }
    } else if let owner = lostOwner(of: container) {
      more = ": it uses a namespace of '\(owner)', which isn't running"
    } else if CommonCause.find(cause: error.message) == .architecture {
      more = await processors(of: container.key)
    }
    return more.map { DiagnosticError(explained.message + $0, at: explained.position) } ?? explained
  }

  /// The optional service whose namespace the container would join, if that service could not be
  /// started.
  private func lostOwner(of container: ContainerPlan) -> String? {
    container.references.lazy.filter(\.sharesNamespace).compactMap { self.members[$0.key] }
      .first { self.role(of: $0.name) == .optional && $0.hasEnded }?.name
  }

  /// Adds details to a failure of a service's program.
  func completed(_ failure: Failure, of name: String) async -> Failure {
    guard failure.hint == CommonCause.architecture.hint else { return failure }
    var result = failure
    result.cause += await processors(of: name) ?? ""
    return result
  }

  /// The text that names the processors of a service's image and of the host; nil if they are the
  /// same or unknown.
  private func processors(of name: String) async -> String? {
    guard let member = members[name], let image = member.image,
      let details = try? await engine.inspectImage(image.reference),
      let host = try? await engine.info().architecture
    else { return nil }
    let own = Self.platformNames[host] ?? host
    guard !details.architecture.isEmpty, !own.isEmpty, details.architecture != own else {
      return nil
    }
    return " (the image is for \(details.os)/\(details.architecture), this host is \(own))"
  }

  /// Processor names in images, by the kernel's name.
  private static let platformNames = [
    "x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "armv6l": "arm", "i386": "386",
    "i686": "386", "loongarch64": "loong64",
  ]

  /// The text that names the user of a host port.
  private func user(of port: UInt16, _ transport: String) async -> String? {
    let wanted = PortUser.Port(number: port, transport: transport)
    let users = try? await engine.portUsers()
    if let user = users?.first(where: { $0.ports.contains(wanted) }) {
      if user.labels[PodLabel.run] == request.run { return "container '\(user.name)' of this pod" }
      let task = user.labels[PodLabel.taskID].map { " of task '\($0)'" } ?? ""
      return "container '\(user.name)'\(task)"
    }
    guard engine.endpoint.isLocal else { return nil }
    let found = await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: PortProcess.find(port, transport: transport))
      }
    }
    return switch found {
    case .process(let id, let name): "process \(id) (\(name))"
    case .user(let user): "a process of user \(user)"
    case nil: nil
    }
  }
}

extension ContainerPlan {
  /// The published port that the engine reports as taken; nil if it reports another error.
  func takenPort(in error: EngineError) -> (number: UInt16, transport: String)? {
    guard case .status = error.kind,
      let port = ports.first(where: { isTaken($0, in: error.message) }),
      let number = port.host.number
    else { return nil }
    return (number, port.port.container.transport.rawValue)
  }
}
