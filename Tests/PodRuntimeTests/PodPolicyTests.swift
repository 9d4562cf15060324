import Compose
import Foundation
import OrderedCollections
import Testing
import YAML

@testable import PodRuntime

@Suite("The operator's policy")
struct PodPolicyTests {
  private func refusal(
    _ policy: PodPolicy, volumes: [Volume] = [], socket: String? = nil,
    _ change: (inout Service) -> Void
  ) -> ComposeError? {
    do {
      try policy.check(
        project([service("web", change)], volumes: volumes), engineSocket: socket)
      return nil
    } catch {
      return error
    }
  }

  private func mount(_ path: String) -> ServiceMount {
    ServiceMount(source: .bind(path: path), target: "/x", position: at(5))
  }

  @Test("unrestricted lets everything through")
  func unrestricted() {
    let error = refusal(.unrestricted, socket: "/run/engine.sock") {
      $0.privileged = Located(true, at: here)
      $0.networkMode = Located(.host, at: here)
      $0.mounts = [mount("/"), mount("/run/engine.sock")]
      $0.devices = [Located("/dev/kvm", at: here)]
    }
    #expect(error == nil)
  }

  @Test("strict refuses each thing with its line")
  func strict() {
    let cases: [(inout Service) -> Void] = [
      { $0.privileged = Located(true, at: at(5)) },
      { $0.networkMode = Located(.host, at: at(5)) },
      { $0.pid = Located(.host, at: at(5)) },
      { $0.ipc = Located(.container("other"), at: at(5)) },
      { $0.volumesFrom = [Located(VolumesFrom(source: .container("other")), at: at(5))] },
      { $0.capAdd = [Located("SYS_ADMIN", at: at(5))] },
      { $0.devices = [Located("/dev/kvm:/dev/kvm:rwm", at: at(5))] },
      { $0.securityOpt = [Located("seccomp=unconfined", at: at(5))] },
      { $0.mounts = [mount("/etc")] },
      { $0.securityOpt = [Located("seccomp=./profile.json", at: at(5))] },
      { $0.isolation.userNamespace = Located("host", at: at(5)) },
      { $0.isolation.hostNames = Located("host", at: at(5)) },
      { $0.isolation.cgroupNamespace = Located("host", at: at(5)) },
      { $0.resources.deviceCgroupRules = [Located("c 1:3 mr", at: at(5))] },
      { $0.resources.gpus = [Located(DeviceNeed(), at: at(5))] },
      { $0.resources.reservedDevices = [Located(DeviceNeed(), at: at(5))] },
      { $0.resources.oomScoreAdjustment = Located(-1, at: at(5)) },
      { $0.resources.oomKillDisable = Located(true, at: at(5)) },
      {
        $0.files = [
          FileMount(
            kind: .secret, name: "s", source: .file(path: "/etc/shadow"), target: "/s",
            position: at(5))
        ]
      },
      {
        var hook = Hook(position: at(4), command: ["id"])
        hook.privileged = Located(true, at: at(5))
        $0.postStart = [hook]
      },
    ]
    for change in cases {
      #expect(refusal(.strict, change)?.position == at(5))
    }
    #expect(refusal(.strict) { $0.networkMode = Located(.none, at: here) } == nil)
    var withGPUs = PodPolicy.strict
    withGPUs.devices = .only(["gpus"])
    #expect(
      refusal(withGPUs) { $0.resources.gpus = [Located(DeviceNeed(), at: here)] } == nil)
  }

  @Test("lets a project mount its own folder, and no link out of it")
  func ownFolder() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("policy-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/out", withDestinationPath: "/etc")
    func check(_ path: String) throws {
      var whole = project([service("web") { $0.mounts = [mount(path)] }])
      whole.workingDirectory = folder.path
      try PodPolicy.strict.check(whole, engineSocket: nil)
    }
    try check(folder.path + "/data/new")
    #expect(throws: ComposeError.self) { try check(folder.path + "/out") }
    #expect(throws: ComposeError.self) { try check(folder.path + "/data/../../x") }
  }

  @Test("allows what lies below a listed root, and no folder beside it")
  func roots() {
    var policy = PodPolicy.strict
    policy.bindMounts = .only(["/srv"])
    policy.devices = .only(["/dev/dri"])
    policy.capabilities = .only(["cap_net_admin"])
    #expect(refusal(policy) { $0.mounts = [mount("/srv/data")] } == nil)
    #expect(refusal(policy) { $0.mounts = [mount("/srv2")] } != nil)
    #expect(refusal(policy) { $0.devices = [Located("/dev/dri/card0", at: here)] } == nil)
    #expect(refusal(policy) { $0.capAdd = [Located("NET_ADMIN", at: here)] } == nil)
  }

  @Test("keeps Docker's socket away, and every folder that holds it")
  func socket() {
    var policy = PodPolicy.unrestricted
    policy.dockerSocket = false
    for path in [
      "/var/run/docker.sock", "/run/docker.sock", "/run", "/var/run", "/", "/srv/e",
      "/srv/e/d.sock",
    ] {
      #expect(refusal(policy, socket: "/srv/e/d.sock") { $0.mounts = [mount(path)] } != nil)
    }
    #expect(refusal(policy, socket: "/srv/e/d.sock") { $0.mounts = [mount("/srv/f")] } == nil)
  }

  @Test("sees through a local volume that is a bind mount or a device by another name")
  func volumes() {
    var bind = Volume(key: "v", position: at(7))
    bind.driverOptions = ["type": "none", "o": "bind", "device": "/etc"]
    #expect(refusal(.strict, volumes: [bind]) { _ in }?.position == at(7))
    var device = Volume(key: "v", position: at(7))
    device.driverOptions = ["type": "ext4", "device": "/dev/sda1"]
    #expect(refusal(.strict, volumes: [device]) { _ in }?.position == at(7))
  }

  private func volume(_ options: OrderedDictionary<String, String>) -> Volume {
    var volume = Volume(key: "v", position: at(7))
    volume.driverOptions = options
    return volume
  }

  @Test(
    "lets no local volume bring the host's files by way of a filesystem of another type",
    arguments: [
      ["type": "proc", "device": "proc"],
      ["type": "overlay", "device": "o", "o": "lowerdir=/:/srv"],
      ["type": "overlay", "device": "/dev/dri/card0", "o": "lowerdir=/:/srv"],
      ["type": "none", "o": "rbind", "device": "etc"], ["type": "ext4", "device": "dev/sda1"],
      ["type": "ext4", "device": "/dev/dri/../sda1"], ["type": "devtmpfs", "device": "none"],
    ] as [OrderedDictionary<String, String>])
  func filesystems(options: OrderedDictionary<String, String>) {
    var policy = PodPolicy.strict
    policy.devices = .only(["/dev/dri"])
    #expect(refusal(policy, volumes: [volume(options)]) { _ in }?.position == at(7))
    #expect(refusal(.unrestricted, volumes: [volume(options)]) { _ in } == nil)
  }

  @Test(
    "lets local volumes of memory and of other hosts be",
    arguments: [
      ["type": "tmpfs", "device": "tmpfs", "o": "size=1m"],
      ["type": "nfs", "device": ":/export", "o": "addr=10.0.0.1"], ["size": "1g"],
    ] as [OrderedDictionary<String, String>])
  func harmless(options: OrderedDictionary<String, String>) {
    #expect(refusal(.strict, volumes: [volume(options)]) { _ in } == nil)
  }

  @Test("knows the host's namespace by its network's name")
  func hostNetwork() {
    var network = Network(key: "host", position: at(9))
    network.isExternal = true
    let all = project([service("web") { _ in }], networks: [network])
    let error = #expect(throws: ComposeError.self) {
      try PodPolicy.strict.check(all, engineSocket: nil)
    }
    #expect(error?.position == at(9))
    #expect(throws: Never.self) { try PodPolicy.unrestricted.check(all, engineSocket: nil) }
  }

  @Test(
    "refuses a listed device's neighbour, profiles of a task's own, and builds from the host's folders"
  )
  func neighbours() {
    var policy = PodPolicy.strict
    policy.devices = .only(["/dev/dri"])
    #expect(refusal(policy) { $0.devices = [Located("/dev/dri/../sda", at: at(5))] } != nil)
    for option in ["seccomp={}", "label:type:spc_t", "apparmor=mine", "systempaths=unconfined"] {
      #expect(refusal(.strict) { $0.securityOpt = [Located(option, at: at(5))] } != nil)
    }
    for option in ["no-new-privileges", "no-new-privileges=true", "label=level:s0:c1"] {
      #expect(refusal(.strict) { $0.securityOpt = [Located(option, at: at(5))] } == nil)
    }
    #expect(refusal(.strict) { $0.build = Build(position: at(5), context: "/etc") } != nil)
    #expect(refusal(.strict) { $0.build = Build(position: at(5), context: "/work/web") } == nil)
  }
}

@Suite("A task's limits")
struct TaskLimitsTests {
  private func check(_ change: (inout Service) -> Void) throws {
    try TaskLimits(cpus: 0.5, memory: 128 << 20).check(project([service("web", change)]))
  }

  @Test("refuse a service that asks for more, with line and both figures")
  func exceeded() {
    let memory = #expect(throws: ComposeError.self) {
      try check { $0.memoryLimit = Limit(ByteSize(bytes: 256 << 20), key: "mem_limit", at: at(4)) }
    }
    #expect(memory?.position == at(4))
    #expect(memory?.message.contains("268435456") == true)
    #expect(memory?.message.contains("134217728") == true)
    #expect(throws: ComposeError.self) {
      try check { $0.cpus = Limit(0.6, key: "cpus", at: at(4)) }
    }
    #expect(throws: ComposeError.self) {
      try check {
        $0.cpuQuota = Located(30_000, at: at(4))
        $0.cpuPeriod = Located(50_000, at: here)
      }
    }
  }

  @Test("let a service have all of its task")
  func kept() throws {
    try check {
      $0.memoryLimit = Limit(ByteSize(bytes: 128 << 20), key: "mem_limit", at: here)
      $0.cpus = Limit(0.5, key: "cpus", at: here)
      $0.cpuQuota = Located(50_000, at: here)
    }
  }
}
