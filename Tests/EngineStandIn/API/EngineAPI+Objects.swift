extension EngineAPI {
  /// Objects that several endpoints use.
  static let objects: [String: String] = [
    "Config": """
    Hostname Domainname User AttachStdin AttachStdout AttachStderr ExposedPorts Tty OpenStdin
    StdinOnce Env Cmd Healthcheck{ Test Interval Timeout Retries StartPeriod@29 } ArgsEscaped
    Image Volumes WorkingDir Entrypoint NetworkDisabled MacAddress OnBuild Labels StopSignal
    StopTimeout Shell
    """,
    "HostConfig": """
    CpuShares Memory CgroupParent BlkioWeight BlkioWeightDevice{ Path Weight }
    BlkioDeviceReadBps=Throttle BlkioDeviceWriteBps=Throttle BlkioDeviceReadIOps=Throttle
    BlkioDeviceWriteIOps=Throttle CpuPeriod CpuQuota CpuRealtimePeriod CpuRealtimeRuntime
    CpusetCpus CpusetMems Devices{ PathOnHost PathInContainer CgroupPermissions } DiskQuota<40
    KernelMemory MemoryReservation MemorySwap MemorySwappiness NanoCpus OomKillDisable PidsLimit
    Ulimits{ Name Soft Hard } CpuCount CpuPercent IOMaximumIOps IOMaximumBandwidth Binds
    ContainerIDFile LogConfig{ Type Config } NetworkMode PortBindings=Ports
    RestartPolicy{ Name MaximumRetryCount } AutoRemove VolumeDriver VolumesFrom Mounts=Mount
    CapAdd CapDrop Dns DnsOptions DnsSearch ExtraHosts GroupAdd IpcMode Cgroup Links OomScoreAdj
    PidMode Privileged PublishAllPorts ReadonlyRootfs SecurityOpt StorageOpt Tmpfs UTSMode
    UsernsMode ShmSize Sysctls Runtime ConsoleSize Isolation Init InitPath<29
    DeviceCgroupRules@28 MaskedPaths@38 ReadonlyPaths@38
    DeviceRequests@40{ Driver Count DeviceIDs Capabilities Options } KernelMemoryTCP@40
    Capabilities@40<41 CgroupnsMode@41
    """,
    "Throttle": "Path Rate",
    "Ports": "*{ HostIp HostPort }",
    "Mount": """
    Target Source Type ReadOnly Consistency@28 BindOptions{ Propagation NonRecursive@40 }
    VolumeOptions{ NoCopy Labels DriverConfig{ Name Options } } TmpfsOptions{ SizeBytes Mode }
    """,
    "MountPoint": "Type Name Source Destination Driver Mode RW Propagation",
    "Endpoint": """
    IPAMConfig{ IPv4Address IPv6Address LinkLocalIPs } Links Aliases NetworkID EndpointID
    Gateway IPAddress IPPrefixLen IPv6Gateway GlobalIPv6Address GlobalIPv6PrefixLen MacAddress
    DriverOpts@30
    """,
    "IPAM": "Driver Config{ Subnet IPRange Gateway AuxiliaryAddresses } Options",
    "Network": """
    Name Id Created Scope Driver EnableIPv6 IPAM=IPAM Internal
    Containers{ *{ EndpointID MacAddress IPv4Address IPv6Address Name } } Options Labels
    Attachable Ingress@29 ConfigFrom@30{ Network } ConfigOnly@30 Peers{ Name IP } Services@28
    """,
    "Volume": """
    Name Driver Mountpoint Status Labels Scope Options UsageData{ Size RefCount } CreatedAt@31
    """,
    "Commit": "ID Expected",
  ]

  static let info = """
    Architecture Containers ContainersRunning ContainersStopped ContainersPaused CpuCfsPeriod
    CpuCfsQuota Debug DockerRootDir Driver DriverStatus SystemStatus
    Plugins{ Volume Network Log@30 Authorization } ExperimentalBuild HttpProxy HttpsProxy ID
    IPv4Forwarding Images IndexServerAddress InitPath<32 KernelVersion Labels MemTotal MemoryLimit
    NCPU NEventsListener NFd NGoroutines Name NoProxy OomKillDisable OSType OomScoreAdj<32
    OperatingSystem RegistryConfig SwapLimit SystemTime ServerVersion CPUShares CPUSet
    BridgeNfIptables BridgeNfIp6tables LoggingDriver CgroupDriver GenericResources@32
    ClusterStore ClusterAdvertise Runtimes DefaultRuntime Swarm LiveRestoreEnabled Isolation
    InitBinary ContainerdCommit=Commit RuncCommit=Commit InitCommit=Commit SecurityOptions
    KernelMemory ProductLicense@39 Warnings@39 KernelMemoryTCP@40 PidsLimit@40 CgroupVersion@41
    OSVersion@41 DefaultAddressPools@41{ Base Size }
    """

  static let inspection = """
    Id Created Path Args
    State{
      Status Running Paused Restarting OOMKilled Dead Pid ExitCode Error StartedAt FinishedAt
      Health{ Status FailingStreak Log{ Start End ExitCode Output } }
    }
    Image ResolvConfPath HostnamePath HostsPath LogPath Node Name RestartCount Driver MountLabel
    ProcessLabel AppArmorProfile ExecIDs HostConfig=HostConfig GraphDriver{ Name Data } SizeRw
    SizeRootFs Mounts=MountPoint Config=Config Platform@31
    NetworkSettings{
      Bridge Gateway IPPrefixLen MacAddress Ports=Ports SandboxID HairpinMode
      LinkLocalIPv6Address LinkLocalIPv6PrefixLen SandboxKey EndpointID GlobalIPv6Address
      GlobalIPv6PrefixLen IPAddress IPv6Gateway Networks{ *=Endpoint }
      SecondaryIPAddresses{ Addr PrefixLen } SecondaryIPv6Addresses{ Addr PrefixLen }
    }
    """
}
