import PodIdentity

/// Whether a pod's executor is alive, by the process table.
package enum ExecutorPresence: Sendable, Equatable {
  case alive
  /// Its process has ended.
  case dead
  /// The process table does not show it; why.
  case unknown(String)

  /// Looks for an executor's process.
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
      // Of an earlier boot of this host, or of another host behind one engine.
      self =
        machine != nil && machine == host.machineID
        ? .dead : .unknown("the pod is of another boot, or another host")
    } else {
      switch identity.incarnation.look() {
      case .alive?: self = .alive
      case .gone?: self = .dead
      case .unreadable(let why)?: self = .unknown(why)
      case nil: self = .unknown("its labels name no process of the host")
      }
    }
  }
}

/// What is known of the host that pods are compared with.
package struct HostView: Sendable {
  /// The kernel's ID of this boot.
  package let bootID: String?
  /// The machine ID.
  package let machineID: String?
  /// Why the process table proves nothing; nil where it does.
  package let failure: String?

  /// This host.
  ///
  /// - Parameter engineIsLocal: whether the engine is reached by a Unix socket.
  package init(engineIsLocal: Bool) {
    bootID = Incarnation.current().bootID
    machineID = HostIdentity.current().machineID
    failure =
      engineIsLocal
      ? ProcessTableCheck.failure() : "the engine is reached over TCP: it may be another host's"
  }

  init(bootID: String?, machineID: String?, failure: String?) {
    (self.bootID, self.machineID, self.failure) = (bootID, machineID, failure)
  }
}
