/// What marks a pod as ours: which task of which framework it is, which process runs it, on which host.
public struct PodIdentity: Sendable, Hashable {
  /// Mesos' framework ID; empty outside Mesos.
  public var frameworkID: String
  /// Mesos' executor ID.
  public var executorID: String
  /// Mesos' task ID.
  public var taskID: String
  /// Mesos' container ID: one launch of an executor.
  public var run: String
  /// Mesos' agent ID; empty outside Mesos.
  public var agentID: String
  /// The process that keeps the pod.
  public var incarnation: Incarnation
  /// The host.
  public var host: HostIdentity
  /// The cgroup below which all containers of the pod live.
  public var cgroupParent: String
  /// The executor's own cgroup, where that is the run's; empty where it is another's. nil on objects of executors that
  /// don't say it: there it is `cgroupParent`, if that is an agent's.
  public var executorCgroup: String?

  /// Makes an identity from its parts.
  public init(
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

  /// Reads an object's labels; nil where one of the keys that every object of a pod bears is missing, or there is no
  /// run. Labels are data that anybody could have written: who reads them still asks whose they are.
  ///
  /// - Parameter labels: a container's, network's or volume's.
  public init?(labels: [String: String]) {
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

  /// Hashes what tells pods from each other: a pass looks each of them up many times.
  ///
  /// - Parameter hasher: the hasher.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(run)
    hasher.combine(taskID)
    hasher.combine(incarnation.pid)
    hasher.combine(incarnation.startTime)
  }

  /// The labels that every container, network and volume of the pod bears. A label without a value
  /// is set empty, so that no image can supply one.
  public var labels: [String: String] {
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

  /// The slice that the pod's containers are in; nil where their cgroup is no slice.
  public var slice: PodSlice? {
    guard let slice = PodSlice(path: cgroupParent), slice.run == run else { return nil }
    return slice
  }

  /// The cgroup that the executor lives in, as far as its pod's objects tell: that of its containers, where it is no slice.
  public var ownCgroup: String {
    if let executorCgroup, !executorCgroup.isEmpty { return executorCgroup }
    return cgroupParent
  }

  /// What the engine is told of the cgroup: the path, or the name of a slice.
  public var engineParent: String { slice?.unit ?? cgroupParent }

  /// The names that the pod's objects get in Docker.
  public var names: PodNames { PodNames(identity: self) }
}

/// The keys of the labels that mark a pod. They are a contract: other programs look for them.
public enum PodLabel {
  /// Mesos' framework ID.
  public static let frameworkID = "mesos.framework_id"
  /// Mesos' executor ID.
  public static let executorID = "mesos.executor_id"
  /// Mesos' task ID.
  public static let taskID = "mesos.task_id"
  /// The run: Mesos' container ID.
  public static let run = "mesos.container_id"
  /// Mesos' agent ID.
  public static let agentID = "mesos.agent_id"
  /// The executor's process ID in the host's namespace, where it can be known.
  public static let pid = "mesos.executor.pid"
  /// The executor's start time in clock ticks since boot.
  public static let startTime = "mesos.executor.start_time"
  /// The kernel's ID of the boot.
  public static let bootID = "mesos.host.boot_id"
  /// The host's machine ID.
  public static let machineID = "mesos.host.machine_id"
  /// The pod's cgroup: networks and volumes have no other trace of it.
  public static let cgroupParent = "mesos.cgroup_parent"
  /// The executor's own cgroup, where that is the run's: with the driver systemd its containers are elsewhere.
  public static let executorCgroup = "mesos.executor_cgroup"
  /// `true` on a volume that stays when its pod has ended.
  public static let keep = "mesos.keep"
  /// `true` on the volume that holds the values of external secrets: it goes with its pod, whatever becomes of others.
  public static let secrets = "mesos.secrets"
  /// The images to remove when the pod has ended, separated by spaces: on every container those of the whole pod, since
  /// any one of them may be the last. What begins with `-` is a name of a built image that is taken back, while the image
  /// stays. Empty where none are, and on networks and volumes.
  public static let removeImages = "mesos.remove_images"
  /// How long the stopped containers and volumes stay after a failure of the pod, in seconds; empty where they don't, and on
  /// networks and volumes.
  public static let keepFailed = "mesos.keep_failed"
  /// The task ID, as earlier compose executors label it.
  public static let legacyTaskID = "taskId"
  /// The executor ID, as earlier compose executors label it.
  public static let legacyExecutorID = "executorId"
  /// Compose's project.
  public static let composeProject = "com.docker.compose.project"
  /// Compose's service, on containers.
  public static let composeService = "com.docker.compose.service"
  /// Compose's number of a container within its service.
  public static let composeContainerNumber = "com.docker.compose.container-number"
  /// Compose's mark of one-off containers.
  public static let composeOneOff = "com.docker.compose.oneoff"
  /// Compose's hash of a service's configuration: Compose passes over containers without it.
  public static let composeConfigHash = "com.docker.compose.config-hash"
  /// Compose's network key, on networks.
  public static let composeNetwork = "com.docker.compose.network"
  /// Compose's volume key, on volumes.
  public static let composeVolume = "com.docker.compose.volume"

  /// Every key of the contract: a Compose file that sets one of them is refused.
  public static let all: Set<String> = [
    frameworkID, executorID, taskID, run, agentID, pid, startTime, bootID, machineID, cgroupParent,
    executorCgroup, keep, keepFailed, secrets, removeImages,
    legacyTaskID, legacyExecutorID, composeProject,
    composeService,
    composeContainerNumber,
    composeOneOff, composeConfigHash, composeNetwork, composeVolume,
  ]
}
