/// The identity of a pod: its task and framework, the process that runs it, and its host.
package struct PodIdentity: Sendable, Hashable {
  /// Mesos' framework ID; empty outside Mesos.
  package var frameworkID: String
  /// Mesos' executor ID.
  package var executorID: String
  /// Mesos' task ID.
  package var taskID: String
  /// Mesos' container ID: one launch of an executor.
  package var run: String
  /// Mesos' agent ID; empty outside Mesos.
  package var agentID: String
  /// The executor's process.
  package var incarnation: Incarnation
  /// The host.
  package var host: HostIdentity
  /// The parent cgroup of all containers of the pod.
  package var cgroupParent: String
  /// The executor's own cgroup, if that is the run's cgroup; empty if it is another's. nil on
  /// objects of executors that don't record it: then it is `cgroupParent`, if that is an agent's.
  package var executorCgroup: String?

  /// Creates an identity from its parts.
  package init(
    frameworkID: String, executorID: String, taskID: String, run: String, agentID: String,
    incarnation: Incarnation, host: HostIdentity, cgroupParent: String,
    executorCgroup: String? = nil
  ) {
    self.frameworkID = frameworkID
    self.executorID = executorID
    self.taskID = taskID
    self.run = run
    self.agentID = agentID
    self.incarnation = incarnation
    self.host = host
    self.cgroupParent = cgroupParent
    self.executorCgroup = executorCgroup
  }

  /// Reads an object's labels; nil if a key that every object of a pod has is missing, or if there
  /// is no run. Any user may have written the labels, so the reader still checks the object's
  /// owner.
  ///
  /// - Parameter labels: a container's, network's or volume's labels.
  package init?(labels: [String: String]) {
    guard let run = labels[PodLabel.run], !run.isEmpty,
      let framework = labels[PodLabel.frameworkID], let executor = labels[PodLabel.executorID],
      let task = labels[PodLabel.taskID], let agent = labels[PodLabel.agentID],
      let pid = labels[PodLabel.pid], let startTime = labels[PodLabel.startTime],
      let boot = labels[PodLabel.bootID], let machine = labels[PodLabel.machineID],
      let parent = labels[PodLabel.cgroupParent]
    else { return nil }
    self.init(
      frameworkID: framework, executorID: executor, taskID: task, run: run, agentID: agent,
      incarnation: Incarnation(
        bootID: boot.isEmpty ? nil : boot, pid: Int32(pid).flatMap { $0 > 0 ? $0 : nil },
        startTime: UInt64(startTime)),
      host: HostIdentity(machineID: machine.isEmpty ? nil : machine), cgroupParent: parent,
      executorCgroup: labels[PodLabel.executorCgroup])
  }

  /// Hashes only the distinguishing values, since a pass looks up each pod many times.
  ///
  /// - Parameter hasher: the hasher.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(run)
    hasher.combine(taskID)
    hasher.combine(incarnation.pid)
    hasher.combine(incarnation.startTime)
  }

  /// The labels of every container, network and volume of the pod. A label without a value is set
  /// to an empty text, so that no image can supply a value.
  package var labels: [String: String] {
    [
      PodLabel.frameworkID: frameworkID,
      PodLabel.executorID: executorID,
      PodLabel.taskID: taskID,
      PodLabel.run: run,
      PodLabel.agentID: agentID,
      PodLabel.pid: incarnation.pid.map(String.init) ?? "",
      PodLabel.startTime: incarnation.startTime.map(String.init) ?? "",
      PodLabel.bootID: incarnation.bootID ?? "",
      PodLabel.machineID: host.machineID ?? "",
      PodLabel.cgroupParent: cgroupParent,
      PodLabel.executorCgroup: executorCgroup ?? "",
      PodLabel.removeImages: "",
      PodLabel.keepFailed: "",
      PodLabel.legacyTaskID: taskID,
      PodLabel.legacyExecutorID: executorID,
      PodLabel.composeProject: names.project,
    ]
  }

  /// The slice of the pod's containers; nil if their cgroup is no slice.
  package var slice: PodSlice? {
    guard let slice = PodSlice(path: cgroupParent), slice.run == run else { return nil }
    return slice
  }

  /// The executor's cgroup according to its pod's objects: that of its containers, unless they are
  /// in a slice.
  package var ownCgroup: String {
    if let executorCgroup, !executorCgroup.isEmpty { return executorCgroup }
    return cgroupParent
  }

  /// The cgroup in requests to the engine: the path, or the name of a slice.
  package var engineParent: String { slice?.unit ?? cgroupParent }

  /// The names of the pod's objects in Docker.
  package var names: PodNames { PodNames(identity: self) }
}

/// The keys of the labels that mark a pod. They are a contract: other programs read them.
package enum PodLabel {
  /// Mesos' framework ID.
  package static let frameworkID = "mesos.framework_id"
  /// Mesos' executor ID.
  package static let executorID = "mesos.executor_id"
  /// Mesos' task ID.
  package static let taskID = "mesos.task_id"
  /// The run: Mesos' container ID.
  package static let run = "mesos.container_id"
  /// Mesos' agent ID.
  package static let agentID = "mesos.agent_id"
  /// The executor's process ID in the host's namespace, if it can be known.
  package static let pid = "mesos.executor.pid"
  /// The executor's start time in clock ticks since boot.
  package static let startTime = "mesos.executor.start_time"
  /// The kernel's ID of the boot.
  package static let bootID = "mesos.host.boot_id"
  /// The host's machine ID.
  package static let machineID = "mesos.host.machine_id"
  /// The pod's cgroup; networks and volumes have no other reference to it.
  package static let cgroupParent = "mesos.cgroup_parent"
  /// The executor's own cgroup, if that is the run's cgroup. With the driver systemd the containers
  /// are in another.
  package static let executorCgroup = "mesos.executor_cgroup"
  /// `true` on a volume that is kept after its pod.
  package static let keep = "mesos.keep"
  /// `true` on the volume with the values of external secrets, which is always removed with its
  /// pod.
  package static let secrets = "mesos.secrets"
  /// The images to remove with the pod, separated by spaces. Every container has the list of the
  /// whole pod, since any of them may be the last one. An item that begins with `-` is only a name
  /// of a built image to remove; the image is kept. Empty if there are none, and on networks and
  /// volumes.
  package static let removeImages = "mesos.remove_images"
  /// How long the stopped containers and volumes are kept after a failure of the pod, in seconds;
  /// empty if they aren't kept, and on networks and volumes.
  package static let keepFailed = "mesos.keep_failed"
  /// The task ID, as earlier compose executors label it.
  package static let legacyTaskID = "taskId"
  /// The executor ID, as earlier compose executors label it.
  package static let legacyExecutorID = "executorId"
  /// Compose's project.
  package static let composeProject = "com.docker.compose.project"
  /// Compose's service, on containers.
  package static let composeService = "com.docker.compose.service"
  /// Compose's number of a container within its service.
  package static let composeContainerNumber = "com.docker.compose.container-number"
  /// Compose's mark of one-off containers.
  package static let composeOneOff = "com.docker.compose.oneoff"
  /// Compose's hash of a service's configuration. Compose ignores containers without it.
  package static let composeConfigHash = "com.docker.compose.config-hash"
  /// Compose's network key, on networks.
  package static let composeNetwork = "com.docker.compose.network"
  /// Compose's volume key, on volumes.
  package static let composeVolume = "com.docker.compose.volume"

  /// Every key of the contract. A Compose file that sets one of them is refused.
  package static let all: Set<String> = [
    frameworkID, executorID, taskID, run, agentID, pid, startTime, bootID, machineID, cgroupParent,
    executorCgroup, keep, keepFailed, secrets, removeImages,
    legacyTaskID, legacyExecutorID, composeProject,
    composeService,
    composeContainerNumber,
    composeOneOff, composeConfigHash, composeNetwork, composeVolume,
  ]
}
