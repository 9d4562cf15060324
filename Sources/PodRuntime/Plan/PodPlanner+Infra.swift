import Compose
import DockerEngine
import PodIdentity
import YAML

extension PodPlanner {
  /// Plans the infrastructure container, which owns namespaces for the services.
  ///
  /// - Parameter infra: the service that represents it.
  /// - Returns: its plan.
  /// - Throws: `DiagnosticError`.
  func infraContainer(_ infra: Service) throws(DiagnosticError) -> ContainerPlan {
    var service = infra
    service.image = Located(InfraImage.name, at: infra.position)
    var plan = try container(service, number: 1)
    plan.isInfra = true
    var body = plan.create
    // The task's own labels are set on its services only.
    body.labels = identity.labels.merging(
      (body.labels ?? [:]).filter { PodLabel.all.contains($0.key) }
    ) { contract, _ in contract }
    // Compose hides one-off containers unless they are requested.
    body.labels?[PodLabel.composeOneOff] = "True"
    body.attachStdout = nil
    body.attachStderr = nil
    var host = body.hostConfig ?? HostConfig()
    // The pause program writes no output and no files, and needs no privileges.
    host.logConfig = LogConfig(type: "none")
    host.readonlyRootfs = true
    host.capDrop = ["ALL"]
    host.securityOpt = ["no-new-privileges"]
    host.ipcMode = "none"
    if let network = request.options.sharedNetwork { host.networkMode = network }
    body.hostConfig = host
    plan.create = body
    return plan
  }
}
