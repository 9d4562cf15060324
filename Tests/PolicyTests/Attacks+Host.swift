import Compose
import PodRuntime

/// Attacks that would reach the host's kernel, devices and processes.
extension Attack {
  static let host: [Attack] = [
    Attack("privileged", ["privileged"], needs: .privileged, "privileged: true"),
    Attack("privileged by a variable", needs: .privileged, "privileged: ${UNSET:-true}"),
    Attack(
      "privileged by a merge key", needs: .privileged, line: 2,
      file:
        "x-base: &base\n  privileged: true\nservices:\n  a:\n    <<: *base\n    image: busybox\n"),
    Attack(
      "privileged by an alias", needs: .privileged, line: 5,
      file: "x-yes: &yes true\nservices:\n  a:\n    image: busybox\n    privileged: *yes\n"),
    Attack(
      "privileged by extends", needs: .privileged, line: nil,
      file: "services:\n  a:\n    extends: {file: other.yaml, service: b}\n",
      files: ["other.yaml": "services:\n  b:\n    image: busybox\n    privileged: true\n"]),
    Attack(
      "privileged by include", needs: .privileged, line: nil,
      file: "include: [other.yaml]\nservices: {a: {image: busybox}}\n",
      files: ["other.yaml": "services:\n  b:\n    image: busybox\n    privileged: true\n"]),
    Attack(
      "privileged in the old format", needs: .privileged, line: 3,
      file: "a:\n  image: busybox\n  privileged: true\n",
      permitted: [.networks: .only(["bridge"])]),
    Attack(
      "a privileged container before it", ["pre_start"], needs: .privileged, line: 6,
      "pre_start:\n  - image: busybox\n    privileged: true"),
    Attack(
      "a privileged hook", ["post_start.privileged"], needs: .privileged, line: 6,
      "post_start:\n  - command: [id]\n    privileged: true"),
    Attack(
      "a privileged hook at the end", ["pre_stop.privileged"], needs: .privileged, line: 6,
      "pre_stop:\n  - command: [id]\n    privileged: true"),
    Attack("every capability", ["cap_add"], needs: .capabilities, line: 4, "cap_add: [ALL]"),
    Attack("a capability with its prefix", needs: .capabilities, "cap_add: [CAP_SYS_ADMIN]"),
    Attack("a capability in small letters", needs: .capabilities, "cap_add: [sys_admin]"),
    Attack(
      "a capability beside a listed one", needs: .capabilities, line: 4,
      "cap_add: [NET_ADMIN, SYS_PTRACE]", permitted: [.capabilities: .only(["net_admin"])]),
    Attack("pid of the host", ["pid"], needs: .hostNamespaces, "pid: host"),
    Attack("pid of a container", needs: .hostNamespaces, "pid: container:other"),
    Attack("ipc of the host", ["ipc"], needs: .hostNamespaces, "ipc: host"),
    Attack("ipc of a container", needs: .hostNamespaces, "ipc: \"container:other\""),
    Attack("uts of the host", ["uts"], needs: .hostNamespaces, "uts: host"),
    Attack("users of the host", ["userns_mode"], needs: .hostNamespaces, "userns_mode: host"),
    Attack("cgroups of the host", ["cgroup"], needs: .hostNamespaces, "cgroup: host"),
    Attack(
      "volumes of a container", ["volumes_from"], needs: .hostNamespaces,
      "volumes_from: [\"container:other:rw\"]"),
    Attack("a device", ["devices", "devices.source"], needs: .devices, "devices: [/dev/kvm]"),
    Attack(
      "a device beside a listed one", needs: .devices, "devices: [\"/dev/null/../sda:/x:rwm\"]",
      permitted: [.devices: .only(["/dev/null"])]),
    Attack(
      "a device in the long form", needs: .devices, line: 5,
      "devices:\n  - source: /dev/sda\n    target: /dev/x"),
    Attack(
      "all devices by their directory", needs: .devices, "devices: [/dev]",
      permitted: [.devices: .only(["/dev/null"])]),
    Attack("a device of a driver", needs: .devices, "devices: [\"vendor.com/gpu=all\"]"),
    Attack(
      "devices by number", ["device_cgroup_rules"], needs: .devices,
      "device_cgroup_rules: [\"a *:* rwm\"]"),
    Attack("all GPUs", ["gpus"], needs: .devices, "gpus: all"),
    Attack(
      "GPUs of a driver", ["gpus.driver"], needs: .devices, line: 5,
      "gpus:\n  - driver: nvidia\n    count: 1"),
    Attack(
      "a reserved device",
      ["deploy.resources.reservations.devices", "deploy.resources.reservations.devices.driver"],
      needs: .devices, line: 8,
      "deploy:\n  resources:\n    reservations:\n      devices:\n        - driver: nvidia\n          capabilities: [gpu]"
    ),
    Attack(
      "a limit that shows whether a file is there",
      [
        "blkio_config.weight_device.path", "blkio_config.device_read_bps.path",
        "blkio_config.device_read_iops.path", "blkio_config.device_write_bps.path",
        "blkio_config.device_write_iops.path",
      ], needs: .devices, "blkio_config: {device_read_bps: [{path: /root/.ssh/id_rsa, rate: 1mb}]}"),
    Attack("another runtime", ["runtime"], needs: .runtimes, "runtime: nvidia"),
    Attack("the usual runtime by its name", needs: .runtimes, "runtime: runc"),
    Attack("another isolation", ["isolation"], needs: nil, "isolation: hyperv"),
    Attack(
      "annotations", ["annotations"], needs: .annotations,
      "annotations: {run.oci.handler: krun}"),
    Attack("annotations as a list", needs: .annotations, "annotations: [\"io.kata=x\"]"),
    Attack("sysctls", ["sysctls"], needs: .sysctls, "sysctls: {net.ipv4.ip_forward: 1}"),
    Attack("sysctls as a list", needs: .sysctls, "sysctls: [kernel.shmmax=1]"),
    Attack(
      "sysctls beside a listed one", needs: .sysctls, "sysctls: [net.core.somaxconn=1]",
      permitted: [.sysctls: .only(["net.ipv4.*"])]),
    Attack("ulimits", ["ulimits"], needs: .ulimits, line: 5, "ulimits:\n  memlock: -1"),
    Attack(
      "ulimits in the long form", needs: .ulimits, line: 4,
      "ulimits: {nofile: {soft: 1, hard: 2}}"),
    Attack(
      "options of the storage driver", ["storage_opt"], needs: .storageOpt,
      "storage_opt: {size: 1t}"),
    Attack(
      "no seccomp", ["security_opt"], needs: .securityOpt, "security_opt: [seccomp=unconfined]"),
    Attack(
      "no seccomp, with a colon", needs: .securityOpt,
      "security_opt: [\"seccomp:unconfined\"]"),
    Attack("no apparmor", needs: .securityOpt, "security_opt: [apparmor=unconfined]"),
    Attack("another label", needs: .securityOpt, "security_opt: [\"label:type:spc_t\"]"),
    Attack(
      "a label above all others", needs: .securityOpt,
      "security_opt: [\"label:level:s0-s0:c0.c1023\"]"),
    Attack(
      "an option that looks like more of the operator's file", needs: .securityOpt,
      "security_opt: [\"x\\u0600\\\"]\\n  privileged: true\\n  annotations: [\\\"y\"]"),
    Attack("no labels", needs: .securityOpt, "security_opt: [\"label=disable\"]"),
    Attack("new privileges", needs: .securityOpt, "security_opt: [\"no-new-privileges:false\"]"),
    Attack("paths unmasked", needs: .securityOpt, "security_opt: [systempaths=unconfined]"),
    Attack(
      "a seccomp profile of the host", needs: .bindMounts,
      "security_opt: [\"seccomp={outside}/secret\"]",
      permitted: [.securityOpt: .everything]),
    Attack(
      "never killed for memory", ["oom_kill_disable"], needs: .privileged,
      "oom_kill_disable: true"),
    Attack(
      "killed after all others", ["oom_score_adj"], needs: .privileged, "oom_score_adj: -1000"),
    Attack(
      "real-time processes", ["cpu_rt_period", "cpu_rt_runtime"], needs: .privileged,
      "cpu_rt_runtime: 95000"),
    Attack(
      "Docker's socket by its own key", ["use_api_socket"], needs: .dockerSocket,
      "use_api_socket: true", permitted: [.bindMounts: .everything]),
  ]
}
