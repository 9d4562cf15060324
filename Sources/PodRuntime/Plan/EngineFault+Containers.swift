extension EngineFault {
  /// Why a container can't be created or started; the most specific texts first.
  static let ofContainers: [EngineFault] = process + identity + host + mounts + networks

  /// Faults of the container's process. The object of the text determines the key: `entrypoint`,
  /// `command`, or `image`.
  private static let process = [
    EngineFault(
      "exec: \"", "no such file or directory", keys: ["program"], object: ("exec: \"", "\""),
      "*: no such file or directory in image IMAGE"),
    EngineFault(
      "exec: \"", "executable file not found in $PATH", keys: ["program"],
      object: ("exec: \"", "\""), "*: not found in the PATH of image IMAGE"),
    EngineFault(
      "exec: \"", "permission denied", keys: ["program"], object: ("exec: \"", "\""),
      "*: not executable in image IMAGE"),
    EngineFault(
      "exec: \"", "is a directory", keys: ["program"], object: ("exec: \"", "\""),
      "*: a directory in image IMAGE, not a program"),
    EngineFault(
      "exec format error", keys: ["platform", "program"],
      "a program of image IMAGE is for another processor, or is not a program"),
    EngineFault(
      "no command specified", keys: ["command", "image"],
      "image IMAGE has no default command: set `command`"),
    EngineFault(
      "no such image", keys: ["image"], "image IMAGE no longer exists"),
    EngineFault(
      "image with reference", "does not match the specified platform",
      keys: ["platform", "image"], "image IMAGE is for another platform"),
    EngineFault(
      "does not provide the specified platform", keys: ["platform", "image"],
      "image IMAGE is for another platform"),
    EngineFault(
      "invalid signal", keys: ["stop_signal"], object: ("signal: ", ""),
      "there is no signal *"),
  ]

  private static let identity = [
    EngineFault(
      "unable to find user", keys: ["user", "image"], object: ("user ", ":"),
      "image IMAGE has no user '*' in its /etc/passwd"),
    EngineFault(
      "unable to find group", keys: ["group_add", "user", "image"], object: ("group ", ":"),
      "image IMAGE has no group '*' in its /etc/group"),
    EngineFault(
      "uids and gids must be in range", keys: ["user"],
      "a number of `user` is out of range"),
    EngineFault(
      "the working directory", "needs to be an absolute path", keys: ["working_dir"],
      object: ("directory '", "'"), "`working_dir` must be absolute, not '*'"),
    EngineFault(
      "cannot mkdir", keys: ["working_dir"], object: ("mkdir: ", " is not"),
      "`working_dir` is not a directory in image IMAGE"),
    EngineFault(
      "mkdir of file path", keys: ["working_dir"], "`working_dir` can't be created in image IMAGE"),
    EngineFault(
      "chdir to cwd", keys: ["working_dir"], object: ("(\"", "\")"),
      "`working_dir` * can't be entered in image IMAGE"),
    EngineFault(
      "invalid hostname", keys: ["hostname"], "`hostname` isn't a valid host name"),
    EngineFault(
      "capability", "unknown", keys: ["cap_add", "cap_drop"], "there is no such capability"),
    EngineFault("invalid CapAdd", keys: ["cap_add"], "there is no such capability"),
    EngineFault("invalid CapDrop", keys: ["cap_drop"], "there is no such capability"),
    EngineFault("apparmor", keys: ["security_opt"], "this host has no such AppArmor profile"),
    EngineFault("seccomp", keys: ["security_opt"], "the seccomp profile can't be used"),
    EngineFault("invalid --security-opt", keys: ["security_opt"], "there is no such option"),
    EngineFault("selinux", keys: ["security_opt"], "the label can't be used"),
    EngineFault("invalid isolation", keys: ["isolation"], "there is no such isolation"),
    EngineFault("invalid userns", keys: ["userns_mode"], "there is no such user namespace"),
    EngineFault("invalid UTS mode", keys: ["uts"], "there is no such UTS mode"),
    EngineFault("invalid cgroup namespace mode", keys: ["cgroup"], "there is no such mode"),
    EngineFault("invalid IPC mode", keys: ["ipc"], "there is no such IPC mode"),
    EngineFault("invalid PID mode", keys: ["pid"], "there is no such PID mode"),
  ]

  /// Faults of devices, limits and other resources of the host.
  private static let host = [
    EngineFault(
      "error gathering device information", "no such file or directory",
      keys: ["devices=*", "devices"], object: ("custom device \"", "\""),
      "this host has no device *"),
    EngineFault(
      "error gathering device information", keys: ["devices=*", "devices"],
      object: ("custom device \"", "\""), "* isn't a device that a container can use"),
    EngineFault(
      "could not select device driver \"cdi\"", keys: ["devices"],
      "this engine doesn't support devices of drivers (CDI)"),
    EngineFault(
      "CDI device injection failed", keys: ["devices", "gpus"], "this host has no such device"),
    EngineFault(
      "could not select device driver", keys: ["gpus", "deploy.resources.reservations.devices"],
      "this engine has no driver for such devices (for GPUs: the NVIDIA container toolkit)"),
    EngineFault(
      "nvidia-container-cli", keys: ["gpus", "deploy.resources.reservations.devices", "runtime"],
      "the GPUs can't be provided"),
    EngineFault(
      "invalid device", keys: ["devices", "device_cgroup_rules"], "a device has an invalid form"),
    EngineFault(
      "unknown log opt", keys: ["logging.options.*", "logging.options", "logging"],
      object: ("log opt '", "'"), "the log driver has no option '*'"),
    EngineFault(
      "logger: no log driver named", keys: ["logging.driver", "logging"],
      object: ("named '", "'"), "this engine has no log driver '*'"),
    EngineFault(
      "error looking up logging plugin", keys: ["logging.driver", "logging"],
      object: ("plugin ", ":"), "this engine has no log driver '*'"),
    EngineFault(
      "failed to initialize logging driver",
      keys: ["logging.options", "logging.driver", "logging"],
      "the log driver can't be used with these options"),
    EngineFault(
      "unknown runtime", keys: ["runtime"], object: ("specified ", ""),
      "this engine has no runtime '*'"),
    EngineFault(
      "unknown or invalid runtime name", keys: ["runtime"], object: ("name: ", ""),
      "this engine has no runtime '*'"),
    EngineFault(
      "invalid runtime name", keys: ["runtime"], object: ("name: ", ""),
      "this engine has no runtime '*'"),
    EngineFault(
      "storage-opt", keys: ["storage_opt"],
      "this host's storage can't limit a container's size (it needs overlay2 over xfs with pquota)"),
    EngineFault(
      "unknown option", keys: ["storage_opt.*"], object: ("option ", ""),
      "the storage driver has no option '*'"),
    EngineFault(
      "invalid storage", keys: ["storage_opt"], "the storage driver has no such option"),
    EngineFault(
      "sysctl \"", keys: ["sysctls.*", "sysctls"], object: ("sysctl \"", "\""),
      "the sysctl * can't be set for a container alone"),
    EngineFault(
      "open /proc/sys/", keys: ["sysctls"], object: ("/proc/sys/", ":"),
      "the kernel has no sysctl * in a container's namespace"),
    EngineFault(
      "write sysctl key", keys: ["sysctls.*", "sysctls"], object: ("key ", ":"),
      "the sysctl * doesn't accept this value"),
    EngineFault(
      "write /proc/sys/", keys: ["sysctls"], object: ("/proc/sys/", ":"),
      "the sysctl * doesn't accept this value"),
    EngineFault(
      "wrong rlimit value", keys: ["ulimits"], object: ("RLIMIT_", ":"),
      "there is no ulimit *"),
    EngineFault(
      "invalid ulimit type", keys: ["ulimits"], object: ("type: ", ""),
      "there is no ulimit *"),
    EngineFault(
      "rlimit", "operation not permitted", keys: ["ulimits"],
      "a limit is higher than the limit of the kernel or the engine"),
    EngineFault(
      "rlimit", keys: ["ulimits"], "a soft limit is above its hard limit, or is not a valid number"),
    EngineFault(
      "ulimit", keys: ["ulimits"], "a soft limit is above its hard limit, or is not a valid number"),
    EngineFault(
      "requested CPUs are not available", keys: ["cpuset"],
      "this host doesn't have these processors"),
    EngineFault("invalid value", "cpuset", keys: ["cpuset"], "`cpuset` isn't a list of processors"),
    EngineFault(
      "cpuset.cpus", keys: ["cpuset"],
      "`cpuset` has no processor of the task"),
    EngineFault(
      "range of CPUs is from", keys: ["cpus", "deploy.resources.limits.cpus"],
      "this host has fewer processors"),
    EngineFault(
      "NanoCPUs", keys: ["cpus", "deploy.resources.limits.cpus"],
      "`cpus` can't be limited on this host"),
    EngineFault(
      "cpu.cfs_quota_us", keys: ["cpu_quota", "cpus", "deploy.resources.limits.cpus"],
      "the kernel refuses this processor time: the task or the host has less"),
    EngineFault("CPU cfs quota", keys: ["cpu_quota"], "`cpu_quota` is out of range"),
    EngineFault("CPU cfs period", keys: ["cpu_period"], "`cpu_period` is out of range"),
    EngineFault(
      "real-time", keys: ["cpu_rt_runtime", "cpu_rt_period"],
      "this host gives containers no real-time processor time"),
    EngineFault(
      "cpu.rt_", keys: ["cpu_rt_runtime", "cpu_rt_period"],
      "the container's cgroup gives no real-time processor time"),
    EngineFault(
      "minimum memory limit allowed", keys: ["mem_limit", "deploy.resources.limits.memory"],
      "the memory limit is below the engine's minimum"),
    EngineFault(
      "memoryswap", keys: ["memswap_limit"],
      "`memswap_limit` is memory plus swap: it must not be below `mem_limit`"),
    EngineFault(
      "memory reservation", keys: ["mem_reservation", "deploy.resources.reservations.memory"],
      "`mem_reservation` must be below the limit"),
    EngineFault(
      "memory.limit_in_bytes", keys: ["mem_limit", "deploy.resources.limits.memory"],
      "the kernel refuses this memory limit"),
    EngineFault(
      "oom_score_adj", keys: ["oom_score_adj"], "the kernel refuses this `oom_score_adj`"),
    EngineFault(
      "oom score adj", keys: ["oom_score_adj"], "`oom_score_adj` must be from -1000 to 1000"),
    EngineFault(
      "pids limit", keys: ["pids_limit", "deploy.resources.limits.pids"],
      "the number of processes is out of range"),
    EngineFault(
      "stat /dev/", "no such file or directory", keys: ["blkio_config"], object: ("stat ", ":"),
      "this host has no device *"),
    EngineFault("blkio", keys: ["blkio_config"], "the kernel or the engine refuses these limits"),
    EngineFault("device cgroup rule", keys: ["device_cgroup_rules"], "a rule has an invalid form"),
    EngineFault("SHM size", keys: ["shm_size"], "`shm_size` is out of range"),
  ]

  private static let mounts = [
    EngineFault(
      "bind source path does not exist", keys: ["mount=*", "volumes"], object: ("exist: ", ""),
      "* doesn't exist on this host"),
    EngineFault(
      "error while creating mount source path", keys: ["mount=*", "volumes"],
      object: ("path '", "'"), "* can't be created on this host"),
    EngineFault(
      "failed to mount local volume", "no such file or directory", keys: ["volume", "volumes"],
      "its volume can't be mounted: its device or directory doesn't exist"),
    EngineFault(
      "failed to mount local volume", keys: ["volume", "volumes"],
      "its volume can't be mounted"),
    EngineFault(
      "failed to resolve", "while mounting volume", keys: ["volume", "volumes"],
      "the host name of its volume can't be resolved"),
    EngineFault(
      "error resolving passed in network volume address", keys: ["volume", "volumes"],
      "the host name of its volume can't be resolved"),
    EngineFault(
      "error while mounting volume", keys: ["volume", "volumes"], "its volume can't be mounted"),
    EngineFault(
      "volume driver", keys: ["volume", "volumes"], "its volume's driver fails"),
    EngineFault(
      "read-only file system", keys: ["file", "read_only"],
      "the root file system is read-only, and the target of a mount or copy doesn't exist in it"
    ),
    EngineFault(
      "container rootfs is marked read-only", keys: ["file", "read_only"],
      "nothing can be copied into a read-only root file system"),
    EngineFault(
      "invalid propagation mode", keys: ["volumes"], object: ("mode: ", ""),
      "there is no propagation '*'"),
    EngineFault(
      "is not a shared mount", keys: ["mount=*", "volumes"], object: ("path ", " is mounted"),
      "* isn't on a shared mount of this host, which this propagation needs"),
    EngineFault(
      "not a slave mount", keys: ["mount=*", "volumes"], object: ("path ", " is mounted"),
      "* isn't on a shared mount of this host, which this propagation needs"),
    EngineFault(
      "trying to mount a directory onto a file", keys: ["mount=*", "volumes", "file"],
      object: ("mounting \"", "\""),
      "* is a directory where the image has a file, or the other way round"),
    EngineFault("invalid tmpfs option", keys: ["tmpfs", "volumes"], "there is no such option"),
    EngineFault("invalid mount config", keys: ["volumes", "file"], "a mount has an invalid form"),
    EngineFault("invalid volume specification", keys: ["volumes"], "a mount has an invalid form"),
    EngineFault(
      "error mounting \"", keys: ["mount=*", "volumes", "file"], object: ("mounting \"", "\""),
      "* can't be mounted"),
  ]

  private static let networks = [
    EngineFault(
      "does not belong to any of this network's subnets", keys: ["address=*", "networks"],
      object: ("address ", ":"), "the address * is outside the network's subnet"),
    EngineFault(
      "no configured subnet", keys: ["address=*", "networks"], object: ("address ", " "),
      "the address * is outside the network's subnet"),
    EngineFault(
      "user specified IP address is supported only", keys: ["address", "networks"],
      "a fixed address needs a network whose subnet is set in the file (`ipam`)"),
    EngineFault(
      "invalid address", keys: ["address", "networks"],
      "a fixed address isn't in the network"),
    EngineFault(
      "requested address is out of range", keys: ["address", "networks"],
      "a fixed address is outside the network's subnet"),
    EngineFault(
      "address already in use", keys: ["address", "networks"],
      "a fixed address is in use: by the gateway, another service or container"),
    EngineFault(
      "no available ipv4 addresses", keys: ["networks"], "the network has no address left"),
    EngineFault(
      "no available addresses", keys: ["networks"], "the network has no address left"),
    EngineFault(
      "invalid MAC address", keys: ["mac_address", "networks"], "the MAC address isn't valid"),
    EngineFault(
      "cannot assign requested address", keys: ["ports"],
      "a host address of a published port isn't this host's"),
    EngineFault(
      "conflicting options", keys: ["network_mode"], "these options conflict"),
    EngineFault(
      "network", "not found", keys: ["network_mode", "networks"],
      object: ("network ", " not found"), "this host has no network '*'"),
    EngineFault(
      "invalid IP address", keys: ["extra_hosts", "dns"], "an address isn't valid"),
    EngineFault(
      "bad format for add-host", keys: ["extra_hosts"], "an entry isn't `host:address`"),
    EngineFault(
      "could not get container for", keys: ["external_links"], object: ("container for ", ""),
      "this host has no container '*'"),
    EngineFault(
      "no such container", keys: ["volumes_from", "external_links", "network_mode", "pid", "ipc"],
      object: ("container: ", ""), "this host has no container '*'"),
  ]
}
