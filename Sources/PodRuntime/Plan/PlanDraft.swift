import DockerEngine
import PodIdentity
import YAML

/// A pod's plan without its cgroup. Everything else follows from the request.
package struct PlanDraft: Sendable {
  private let plan: PodPlan

  /// The external secrets and configs of all containers.
  var externalMounts: [ExternalMount] { plan.externalMounts }

  init(_ plan: PodPlan) { self.plan = plan }

  /// The draft with the paths that the operator's policy has checked.
  ///
  /// - Parameters:
  ///   - request: the pod's request, with the policy.
  ///   - socket: the engine's Unix socket; nil for an engine over TCP.
  /// - Returns: the draft.
  /// - Throws: `DiagnosticError` with the line that violates the policy.
  func confined(by request: PodRequest, socket: String?) throws(DiagnosticError) -> PlanDraft {
    var plan = plan
    try PolicyCheck(request, plan, socket: socket).apply(to: &plan, of: request.project)
    return PlanDraft(plan)
  }

  /// The plan with its containers under a cgroup. The labels of all objects contain the cgroup's
  /// path.
  ///
  /// - Parameters:
  ///   - parent: the cgroup's path.
  ///   - executorCgroup: the executor's own cgroup if it is the run's, otherwise empty.
  /// - Returns: the plan.
  package func placed(under parent: String, executorCgroup: String = "") -> PodPlan {
    var plan = plan
    plan.identity.cgroupParent = parent
    plan.identity.executorCgroup = executorCgroup
    let engineParent = plan.identity.engineParent
    let labels = [
      PodLabel.cgroupParent: parent, PodLabel.executorCgroup: executorCgroup,
    ]
    func mark(_ marked: inout [String: String]?) { marked?.merge(labels) { _, own in own } }
    func apply(to container: inout ContainerPlan) {
      mark(&container.create.labels)
      container.create.hostConfig?.cgroupParent = engineParent
      for index in container.preStart.indices { apply(to: &container.preStart[index]) }
    }
    for index in plan.networks.indices { mark(&plan.networks[index].labels) }
    for index in plan.volumes.indices { mark(&plan.volumes[index].labels) }
    for index in plan.containers.indices { apply(to: &plan.containers[index]) }
    return plan
  }
}
