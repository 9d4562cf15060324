import Compose
import OrderedCollections
import YAML

/// What the exit of each service means for its pod (docs/pods.md, "Roles"). If no role is set, all
/// services are main services, and the pod finishes when all have exited.
package struct PodRoles: Sendable, Equatable {
  /// Whether the file or an option sets a role, or which main service decides.
  let isExplicit: Bool
  /// Whether all main services have to exit, or the first exit decides.
  let needsAll: Bool
  private let roles: [String: ServiceRole]
  /// The services with the role `main`, in the order of the file.
  let mains: [String]
  /// The services with the role `final`, in the order of the file.
  let finals: [String]
  /// Positions of the sidecars in their start order: each may depend on those before it.
  private let sidecars: [String: Int]

  /// Roles in which all services are main services.
  static let none = PodRoles()

  private init() {
    (isExplicit, needsAll, roles, mains, finals, sidecars) = (false, true, [:], [], [], [:])
  }

  /// Merges the roles of the file and of the pod's options; options win.
  ///
  /// - Parameters:
  ///   - project: the project.
  ///   - options: the pod's options.
  /// - Throws: `DiagnosticError` with the line that is wrong.
  init(_ project: Project, _ options: PodOptions) throws(DiagnosticError) {
    let start =
      project.servicesPosition
      ?? SourcePosition(file: project.files.first ?? "", line: 1, column: 1)
    for (name, _) in options.roles where project.services[name] == nil {
      throw DiagnosticError(
        "pod.roles names '\(name)', which isn't a service of the file", at: start)
    }
    var roles: [String: ServiceRole] = [:]
    for service in project.services.values {
      roles[service.name] = options.roles[service.name] ?? service.podSettings.role?.value
    }
    func named(_ role: ServiceRole) -> [String] {
      project.services.keys.filter { (roles[$0] ?? .main) == role }
    }
    isExplicit = !roles.isEmpty || options.mains != .all
    needsAll = options.mains == .all
    self.roles = roles
    mains = named(.main)
    finals = named(.final)
    if mains.isEmpty, !project.services.isEmpty {
      throw DiagnosticError(
        "no service has the role main: no service would decide the pod's result", at: start)
    }
    let order = Self.ordered(named(.sidecar), by: project.dependencies)
    sidecars = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    for service in project.services.values { try check(service) }
  }

  private func check(_ service: Service) throws(DiagnosticError) {
    let location = service.podSettings.role?.position ?? service.position
    for (other, dependency) in service.dependencies where self[other] == .final {
      throw DiagnosticError(
        "'\(service.name)' waits for '\(other)', which has the role final: it starts when all others have exited",
        at: dependency.position)
    }
    switch (self[service.name], service.restart) {
    case (.initial, .always), (.initial, .unlessStopped):
      throw DiagnosticError(
        "'\(service.name)' has the role init and a restart policy by which it never completes",
        at: service.restartPosition ?? location)
    case (.final, .always), (.final, .unlessStopped), (.final, .onFailure):
      throw DiagnosticError(
        "'\(service.name)' has the role final: it runs once, without a restart policy",
        at: service.restartPosition ?? location)
    default: break
    }
  }

  /// Sorts services so that each follows its dependencies; otherwise they keep their order.
  private static func ordered(_ names: [String], by graph: DependencyGraph) -> [String] {
    var result: [String] = []
    for name in names {
      let location = result.firstIndex { graph.reaches(name, from: $0) } ?? result.count
      result.insert(name, at: location)
    }
    return result
  }

  /// The role of a service; `main` if none is set.
  subscript(service: String) -> ServiceRole { roles[service] ?? .main }

  /// The main service whose exit code is the pod's; nil if no role is set, or if there are several
  /// main services.
  var deciding: String? { isExplicit && mains.count == 1 ? mains[0] : nil }

  /// Whether a service is stopped only after another one has exited: sidecars after all others, in
  /// the reverse order of their start.
  ///
  /// - Parameters:
  ///   - service: the service.
  ///   - other: the other one.
  /// - Returns: nil if the order doesn't follow from their roles.
  func stops(_ service: String, after other: String) -> Bool? {
    switch (sidecars[service], sidecars[other]) {
    case (let own?, let others?): own < others
    case (_?, nil): true
    case (nil, _?): false
    case (nil, nil): nil
    }
  }

  /// Adds the dependencies that roles imply: every service waits for each `init` service, unless
  /// that one depends on it.
  ///
  /// - Parameter project: the project.
  /// - Returns: the project with these dependencies.
  func applied(to project: Project) -> Project {
    var result = project
    let graph = project.dependencies
    for first in project.services.values where self[first.name] == .initial {
      for name in project.services.keys where self[name] != .initial && self[name] != .final {
        if graph.reaches(name, from: first.name) { continue }
        let location = first.podSettings.role?.position ?? first.position
        var dependency =
          result.services[name]?.dependencies[first.name] ?? Dependency(position: location)
        dependency.condition = .completedSuccessfully
        result.services[name]?.dependencies[first.name] = dependency
      }
    }
    return result
  }
}

extension PodRequest {
  /// Resolves the roles of the project's services, and adds the dependencies that they imply.
  ///
  /// - Throws: `DiagnosticError` with the line that is wrong.
  package mutating func applyRoles() throws(DiagnosticError) {
    roles = try PodRoles(project, options)
    project = roles.applied(to: project)
  }
}
