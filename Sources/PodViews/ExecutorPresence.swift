import PodIdentity

/// Whether a pod's executor is alive, according to the process table.
package enum ExecutorPresence: Sendable, Equatable {
  case alive
  /// The process of the executor has exited.
  case dead
  /// The process table does not show it; the value is the reason.
  case unknown(String)

  /// Checks the process of an executor.
  ///
  /// - Parameters:
  ///   - identity: the pod.
  ///   - host: this host.
  package init(of identity: PodIdentity, on host: HostView) {
    let boot = identity.incarnation.bootID
    let machine = identity.host.machineID
    if let failure = host.failure {
      self = .unknown(failure)
    } else if let boot, boot != host.bootID {
      // The pod is from an earlier boot of this host, or from another host that uses the same
      // engine.
      self =
        machine != nil && machine == host.machineID
        ? .dead : .unknown("the pod is from another boot or another host")
    } else {
      switch identity.incarnation.inspect() {
      case .alive?: self = .alive
      case .gone?: self = .dead
      case .unreadable(let why)?: self = .unknown(why)
      case nil: self = .unknown("its labels have no process of the host")
      }
    }
  }
}

/// The facts about this host that the identities of pods are compared with.
package struct HostView: Sendable {
  /// The kernel's boot ID.
  package let bootID: String?
  /// The machine ID.
  package let machineID: String?
  /// Why the process table proves nothing; nil where it is reliable.
  package let failure: String?

  /// This host.
  ///
  /// - Parameter engineIsLocal: whether the engine's address is a Unix socket.
  package init(engineIsLocal: Bool) {
    bootID = Incarnation.current().bootID
    machineID = HostIdentity.current().machineID
    failure =
      engineIsLocal
      ? ProcessTableCheck.failure() : "the engine is reached over TCP: it may be on another host"
  }

  init(bootID: String?, machineID: String?, failure: String?) {
    (self.bootID, self.machineID, self.failure) = (bootID, machineID, failure)
  }
}
