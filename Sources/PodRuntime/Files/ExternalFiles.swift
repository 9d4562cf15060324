import Compose
import DockerEngine
import OrderedCollections
import YAML

/// A secret or config whose value the operator's program provides.
struct ExternalValue: Sendable, Hashable {
  /// Secret or config.
  let kind: FileMount.Kind
  /// The key at the top level.
  let key: String
}

/// One file of the pod's secret volume: a value with an owner and permission bits.
struct ExternalFile: Sendable, Hashable {
  /// The value in the file.
  let value: ExternalValue
  /// The owner's user ID.
  let uid: Int
  /// The owner's group ID.
  let gid: Int
  /// The permission bits.
  let mode: UInt32
}

/// An external secret or config of one container.
struct ExternalMount: Sendable {
  /// The file in the pod's secret volume.
  let file: ExternalFile
  /// The top-level definition.
  let source: FileMount.External
  /// The path in the container.
  let target: String
  /// The position of the service's reference.
  let position: SourcePosition

  /// The name in messages.
  var subject: String { "the \(file.value.kind.rawValue) `\(file.value.key)`" }
}

extension PodPlanner {
  /// The external secrets and configs of a service.
  ///
  /// - Parameter service: the service.
  /// - Returns: those whose targets have no other mount.
  /// - Throws: `DiagnosticError` with the line of one whose value no program of the operator
  ///   provides.
  func externalMounts(of service: Service) throws(DiagnosticError) -> [ExternalMount] {
    let taken = Set(service.mounts.map(\.target))
    var mounts: [ExternalMount] = []
    for file in service.files where !taken.contains(file.target) {
      guard case .external(let source) = file.source else { continue }
      let mount = ExternalMount(
        file: ExternalFile(
          value: ExternalValue(kind: file.kind, key: file.name), uid: file.uid ?? 0,
          gid: file.gid ?? 0, mode: file.mode ?? 0o444),
        source: source, target: file.target.cleanPath, position: file.position)
      guard request.secretCommand != nil else {
        throw DiagnosticError(
          "\(mount.subject) has `external`, but this host has no program that provides its value "
            + "(operator's file, secret-command)", at: source.position)
      }
      mounts.append(mount)
    }
    return mounts
  }
}

extension PodPlan {
  /// All external mounts of the pod's containers.
  var externalMounts: [ExternalMount] {
    containers.flatMap { [$0] + $0.preStart }.flatMap(\.externalMounts)
  }

  /// The distinct files of the pod's secret volume. A file's name is its position in this list.
  var externalFiles: OrderedSet<ExternalFile> { OrderedSet(externalMounts.map(\.file)) }
}
