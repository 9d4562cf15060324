import Compose
import DockerEngine
import OrderedCollections
import YAML

/// Checks a pod's engine requests against the operator's policy.
///
/// It reads the requests as they are sent, after all defaults. Each field of each request has a
/// case in a `switch` without a default, so a new field without a check doesn't compile. Data
/// outside the requests (files that the executor reads, arguments of `docker build`) is checked
/// from the project.
struct PolicyCheck: Sendable {
  let policy: PodPolicy
  /// The host paths that the policy allows.
  let paths: PolicyPaths
  /// The names of the pod's own networks and volumes.
  let ownNetworks: Set<String>
  let ownVolumes: Set<String>
  /// The project's builds.
  private let builds: BuildOrder
  /// The offered host ports; nil if the task has none.
  let offeredPorts: [UInt16]?
  /// The beginning of the first file.
  let start: SourcePosition

  /// Prepares the checks of a pod's requests.
  ///
  /// - Parameters:
  ///   - request: the pod's request.
  ///   - plan: its engine requests.
  ///   - socket: the engine's unix socket; nil for an engine over TCP.
  init(_ request: PodRequest, _ plan: PodPlan, socket: String?) {
    policy = request.policy
    paths = PolicyPaths(
      policy: request.policy, sandbox: request.sandbox ?? request.project.workingDirectory,
      socket: socket)
    ownNetworks = Set(plan.networks.map(\.name))
    ownVolumes = Set(plan.volumes.compactMap(\.name))
    builds = BuildOrder(request.project.services.values)
    offeredPorts = request.offeredPorts
    start = SourcePosition(file: request.project.files.first ?? "-", line: 1, column: 1)
  }

  /// Refuses requests that exceed the policy, and replaces paths by the checked ones.
  ///
  /// - Parameters:
  ///   - plan: the pod's engine requests.
  ///   - project: the project of the plan.
  /// - Throws: `DiagnosticError` with the line of the request.
  func apply(to plan: inout PodPlan, of project: Project) throws(DiagnosticError) {
    guard policy.isRestricted else { return }
    if let key = project.unclassified.first {
      throw policy.refusal(key.value, nil, at: key.position)
    }
    try checkFiles(of: project)
    try checkExternal(of: project)
    for network in plan.networks { try check(network, of: plan.networkSources[network.name]) }
    for index in plan.volumes.indices {
      let source = plan.volumeSources[plan.volumes[index].name ?? ""]
      plan.volumes[index] = try checked(plan.volumes[index], of: source)
    }
    for index in plan.containers.indices { try apply(to: &plan.containers[index]) }
  }

  private func apply(to container: inout ContainerPlan) throws(DiagnosticError) {
    if let mounts = try checkedMounts(of: container) {
      container.create.hostConfig?.binds = mounts.binds
      container.create.hostConfig?.mounts = mounts.mounts
    }
    let devices = container.create.hostConfig?.devices ?? []
    for (index, device) in devices.enumerated() where !policy.allows(.devices) {
      let requested = container.service.devices.first {
        $0.value.prefix { $0 != ":" } == device.pathOnHost
      }
      container.create.hostConfig?.devices?[index].pathOnHost = try paths.check(
        device: device.pathOnHost, at: requested?.position ?? container.service.position,
        as: "device \(device.pathOnHost)")
    }
    try check(container.create, of: container, own: [])
    for (network, settings) in container.connections {
      try check(settings, on: network, of: container, own: [])
    }
    let service = container.service
    for hook in service.postStart + service.preStop {
      if let requested = hook.privileged, requested.value, !policy.allows(.privileged) {
        throw policy.refusal("a privileged hook", .privileged, at: requested.position)
      }
    }
    // A built image gets its name from the file. An existing or pulled image is checked when it is
    // provided (Images).
    if let image = service.image, service.build == nil, !container.isInfra,
      builds.builder(of: service) == nil
    {
      try check(image: image)
    }
    if let build = service.build { try check(build, of: service) }
    for index in container.preStart.indices { try apply(to: &container.preStart[index]) }
  }

  // MARK: Files

  /// Checks the files that are read for a service, except those of its build.
  private func checkFiles(of project: Project) throws(DiagnosticError) {
    for service in project.services.values.flatMap(\.withPreStart) {
      for option in service.securityOpt {
        guard let path = SeccompProfiles.path(in: option.value) else { continue }
        let whole = path.hasPrefix("/") ? path : project.workingDirectory + "/" + path
        try paths.check(whole, at: option.position)
      }
    }
  }

  /// Checks external networks and volumes.
  private func checkExternal(of project: Project) throws(DiagnosticError) {
    for network in project.networks.values where network.isExternal {
      let name = network.name?.value ?? network.key
      if ownNetworks.contains(name) { continue }
      try check(network: name, at: network.position ?? start, as: "external network \(name)")
    }
    for volume in project.volumes.values where volume.isExternal {
      let name = volume.name?.value ?? volume.key
      guard !ownVolumes.contains(name), !policy.allows(.volumes, name) else { continue }
      throw policy.refusal("external volume \(name)", .volumes, name, at: volume.position ?? start)
    }
  }

  /// Refuses a network that isn't the pod's own.
  ///
  /// - Parameters:
  ///   - name: its name in the engine.
  ///   - position: its position in the file.
  ///   - what: its description in the error.
  /// - Throws: `DiagnosticError`.
  func check(
    network name: String, at position: SourcePosition, as what: String
  ) throws(DiagnosticError) {
    // Docker's network `host` is the host's namespace.
    if name == "host" || name.hasPrefix("container:") {
      if policy.allows(.hostNamespaces) { return }
      throw policy.refusal(what, .hostNamespaces, at: position)
    }
    if name == "none" || ownNetworks.contains(name) { return }
    let known = name == "default" || name.isEmpty ? "bridge" : name
    if !policy.allows(.networks, known) {
      throw policy.refusal(what, .networks, known, at: position)
    }
  }
}
