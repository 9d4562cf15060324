import Compose
import DockerEngine
import OrderedCollections
import PodIdentity
import YAML

/// Computes the objects that a pod will have in Docker. It does no I/O: the result depends only on
/// the arguments.
package struct PodPlanner: Sendable {
  let request: PodRequest
  let identity: PodIdentity
  let sharing: JoinedNetworkRouting
  let ports: PortAssignment
  /// The names in Docker of the project's networks and volumes, by key.
  let networkNames: [String: String]
  let volumeNames: [String: String]
  /// The name of the volume for `task.json`; nil if no service gets it.
  let taskVolume: String?

  /// The project, with an infrastructure container if namespaces are shared.
  let project: Project
  /// The infrastructure container's service; nil if there is none.
  let infra: String?
  private let sharingWarnings: [String]

  /// Plans a pod.
  ///
  /// - Parameters:
  ///   - request: the project and its task.
  ///   - identity: identifies the pod's objects; its cgroup is ignored.
  /// - Returns: the requests that create the pod, without its cgroup.
  /// - Throws: `DiagnosticError` for what can't be run as a pod, with its position in the file.
  package static func plan(
    _ request: PodRequest, identity: PodIdentity
  ) throws(DiagnosticError) -> PlanDraft {
    PlanDraft(try PodPlanner(request, identity: identity).plan())
  }

  private init(_ request: PodRequest, identity: PodIdentity) throws(DiagnosticError) {
    self.request = request
    self.identity = identity
    let names = identity.names
    if let fault = request.project.faults.first { throw fault }
    try Self.checkNumber(of: request.project, policy: request.policy)
    try Self.refuseContractLabels(request.project)
    try BuildOrder(request.project.services.values).check()
    try request.project.checkOrder()
    let shared = try InfraContainerRewrite(request.project, options: request.options)
    infra = shared?.infra
    project = shared?.project ?? request.project
    sharingWarnings = shared?.warnings ?? []
    sharing = try JoinedNetworkRouting(project: project, infra: infra)
    var ports = try PortAssignment(project: request.project, offered: request.offeredPorts)
    if let infra, request.options.sharedNetwork != nil { ports.move(to: infra) }
    self.ports = ports
    networkNames = names.inDocker(request.project.networks)
    volumeNames = names.inDocker(request.project.volumes)
    taskVolume = Self.taskVolume(of: request, names, besides: volumeNames)
  }

  private func plan() throws(DiagnosticError) -> PodPlan {
    if project.services.isEmpty { throw project.withoutServices }
    var plan = PodPlan(
      identity: identity, networks: [], volumes: [], externalNetworks: [], externalVolumes: [],
      containers: [], warnings: project.warnings.map { "\($0.position): \($0.value)" })
    if !project.unhonoured.isEmpty {
      let keys = project.unhonoured.map { "`\($0.value)` (\($0.position))" }
      plan.warnings.append("these keys have no effect in a pod: \(keys.joined(separator: ", "))")
    }
    try addNetworks(to: &plan)
    try addVolumes(to: &plan)
    addTaskFile(to: &plan)
    plan.warnings += request.warnings + sharingWarnings
    if let warning = request.limits?.gpus?.warning(project) { plan.warnings.append(warning) }
    plan.options = request.options
    plan.defaults = request.defaults
    plan.taskMemory = request.limits?.memory
    for service in project.services.values {
      if service.name == infra {
        plan.containers.append(try infraContainer(service))
        continue
      }
      try checkScale(of: service)
      for number in 1..<(service.containers + 1) {
        plan.containers.append(try container(service, number: number))
      }
      plan.warnings += warnings(of: service)
    }
    VolumeOrder.apply(to: &plan.containers)
    if plan.containers.allSatisfy(\.isInfra) {
      let first = project.services.values.first { $0.name != infra }
      throw DiagnosticError(
        "the project has no containers: the scale of each service is 0",
        at: first?.scale?.position ?? first?.position)
    }
    if request.offeredPorts == nil, ports.count > 0 {
      plan.warnings.append(
        "no ports were offered: the file's own host ports are used, and may conflict with others on this host"
      )
    }
    return plan
  }

  // MARK: Requests that are refused for every pod

  /// The largest number of containers of a service. No host can run more, and planning each of them
  /// would exhaust the executor's memory.
  static let mostContainers = 1000

  private static func checkNumber(
    of project: Project, policy: PodPolicy
  ) throws(DiagnosticError) {
    // Checked before any container is planned.
    let count = project.services.values.reduce(0) { sum, service in
      sum + min(service.containers, mostContainers + 1) + service.preStart.count
    }
    if let most = policy.maxContainers, count > most {
      throw policy.refusal(
        "a pod of \(count) containers", .maxContainers, String(count),
        at: project.servicesPosition)
    }
    // The engine's address pools are limited, and shared by all pods.
    let networks = project.networks.values.filter { !$0.isExternal }
    if let most = policy.maxContainers, networks.count > most {
      throw policy.refusal(
        "a pod of \(networks.count) networks", .maxContainers, String(networks.count),
        at: networks.first?.position ?? project.servicesPosition)
    }
    if networks.count > mostContainers {
      throw DiagnosticError(
        "the project has \(networks.count) networks: the maximum is \(mostContainers)",
        at: networks.first?.position ?? project.servicesPosition)
    }
    for service in project.services.values where service.containers > mostContainers {
      throw DiagnosticError(
        "service '\(service.name)' has \(service.containers) containers: the maximum is \(mostContainers)",
        at: service.scale?.position ?? service.position)
    }
  }

  private static func refuseContractLabels(_ project: Project) throws(DiagnosticError) {
    for service in project.services.values.flatMap(\.withPreStart) {
      for (key, value) in service.labels where PodLabel.all.contains(key) {
        throw DiagnosticError(
          "label '\(key)' is reserved for the executor: it identifies a container's pod",
          at: value.position)
      }
      for mount in service.mounts {
        try refuse(mount.labels.keys, at: mount.position, of: "the volume at \(mount.target)")
      }
      // Its containers would inherit the labels.
      if let build = service.build {
        try refuse(build.labels.keys, at: build.position, of: "the image of '\(service.name)'")
      }
    }
    for network in project.networks.values {
      try refuse(network.labels.keys, at: network.position, of: "network '\(network.key)'")
    }
    for volume in project.volumes.values {
      try refuse(volume.labels.keys, at: volume.position, of: "volume '\(volume.key)'")
    }
  }

  private static func refuse(
    _ keys: OrderedSet<String>, at position: SourcePosition?, of what: String
  ) throws(DiagnosticError) {
    if let key = keys.first(where: PodLabel.all.contains) {
      throw DiagnosticError(
        "label '\(key)' of \(what) is reserved for the executor: it identifies an object's pod",
        at: position)
    }
  }
}
