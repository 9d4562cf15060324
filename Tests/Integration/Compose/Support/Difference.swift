import AgentStandIn
import Compose
import Foundation
import OrderedCollections
import YAML

/// One thing that differs on purpose between a container, network or volume of a pod and the one that Docker
/// Compose creates from the same file: docs/compose.md has them all, and nothing else may differ.
struct Difference: Sendable {
  /// Where `docker inspect` shows it.
  let place: String
  /// What a pod has there.
  let ours: String
  /// What Compose has there.
  let theirs: String
  /// Why.
  let why: String
  /// Takes it out of either side's container.
  let remove: @Sendable (inout JSON, Compose.Service, Compose.Project) -> Void

  /// The labels of the contract, and Compose's own.
  static let contract = [
    "mesos.", "com.docker.compose.", "taskId", "executorId",
  ]

  static let all: [Difference] = [
    Difference(
      place: "`Name`, and every name or ID of another object",
      ours:
        "container `TASK_SERVICE`, network and volume `PROJECT_KEY`, the project made from task and run",
      theirs:
        "container `PROJECT-SERVICE-1`, network and volume `PROJECT_KEY` or the file's `name:`",
      why: "two pods of one file never meet in a name", remove: { _, _, _ in }),
    Difference(
      place: "`Config.Labels`, and `Labels` of networks and volumes",
      ours:
        "`mesos.*`, `taskId`, `executorId`, and those of Compose that its own commands look for",
      theirs: "`com.docker.compose.*`", why: "they say whose the object is",
      remove: { container, _, _ in removeContractLabels(&container, at: ["Config", "Labels"]) }),
    Difference(
      place: "`HostConfig.CgroupParent`", ours: "the task's cgroup",
      theirs: "`cgroup_parent`, or nothing",
      why: "the task's limits hold for all of the pod",
      remove: { container, _, _ in container.edit(["HostConfig", "CgroupParent"]) { $0 = nil } }),
    Difference(
      place: "`HostConfig.RestartPolicy`", ours: "`no`",
      theirs: "`restart`, or `deploy.restart_policy`",
      why: "the executor restarts: nothing may start again after it is dead",
      remove: { container, _, _ in container.edit(["HostConfig", "RestartPolicy"]) { $0 = nil } }),
    Difference(
      place: "`HostConfig.PortBindings`: `HostPort`", ours: "the task's next offered port",
      theirs: "the file's", why: "a host port belongs to one task",
      remove: { container, _, _ in
        container.edit(["HostConfig", "PortBindings", "*"]) { bindings in
          bindings = bindings?.array.map { list in
            .array(
              list.map {
                var binding = $0
                binding["HostPort"] = "PORT"
                return binding
              })
          }
        }
      }),
    Difference(
      place: "`HostConfig.LogConfig` where the file has no `logging`",
      ours: "json-file, two files of 50 MB, or the operator's choice",
      theirs: "the engine's default",
      why: "the output is in the sandbox already, and a log must not fill the host",
      remove: { container, service, _ in
        guard service.logging == nil else { return }
        container.edit(["HostConfig", "LogConfig"]) { $0 = nil }
      }),
    Difference(
      place: "`NetworkSettings.Networks.*.Aliases`",
      ours: "no name of the container itself, but its `container_name`",
      theirs: "the container's name",
      why: "Docker knows a container by its name without that; here it has another name",
      remove: { container, service, _ in
        let own = Set([container["Name"]?.string?.drop { $0 == "/" }.description].compactMap { $0 })
          .union([service.containerName?.value].compactMap { $0 })
        container.edit(["NetworkSettings", "Networks", "*", "Aliases"]) { aliases in
          aliases = (aliases?.array).map { .array($0.filter { !own.contains($0.string ?? "") }) }
        }
      }),
    Difference(
      place: "`HostConfig.VolumesFrom`, and `RW` of the `Mounts` from there", ours: "`:ro` is kept",
      theirs: "`:ro` is dropped",
      why: "nothing that the file asks for is dropped",
      remove: { container, service, _ in
        guard service.volumesFrom.contains(where: \.value.readOnly) else { return }
        container.edit(["Mounts"]) { mounts in
          mounts = (mounts?.array).map { list in
            .array(
              list.map {
                var mount = $0
                mount["RW"] = nil
                return mount
              })
          }
        }
        container.edit(["HostConfig", "VolumesFrom"]) { sources in
          sources = (sources?.array).map { list in
            .array(
              list.map { .string(($0.string ?? "").replacingOccurrences(of: ":ro", with: "")) })
          }
        }
      }),
    Difference(
      place: "`HostConfig.IpcMode` of a service whose `ipc` another joins",
      ours: "`shareable`, unless the file says",
      theirs: "the engine's default, which refuses the other",
      why: "`ipc: service:NAME` works without more",
      remove: { container, service, project in
        let isShared = project.services.values.contains { $0.ipc?.value == .service(service.name) }
        guard service.ipc == nil, isShared else { return }
        container.edit(["HostConfig", "IpcMode"]) { $0 = nil }
      }),
    Difference(
      place: "`HostConfig.ExtraHosts` of a service whose network another joins",
      ours: "also the names of all services in it, at 127.0.0.1, and their own hosts",
      theirs: "its own", why: "they find each other by name",
      remove: { container, service, project in
        let isShared = project.services.values.contains {
          $0.networkMode?.value == .service(service.name)
        }
        guard isShared else { return }
        container.edit(["HostConfig", "ExtraHosts"]) { hosts in
          let rest = (hosts?.array ?? []).filter { !($0.string ?? "").hasSuffix(":127.0.0.1") }
          hosts = rest.isEmpty ? nil : .array(rest)
        }
      }),
    Difference(
      place: "`Config.MacAddress` on an engine before API 1.44", ours: "`mac_address`",
      theirs: "nothing", why: "nothing that the file asks for is dropped",
      remove: { container, _, _ in
        container.edit(["Config", "MacAddress"]) { $0 = nil }
      }),
  ]

  static func removeContractLabels(_ object: inout JSON, at path: [String]) {
    object.edit(path) { labels in
      guard case .object(let members)? = labels else { return }
      labels = .object(members.filter { label in !contract.contains { label.key.hasPrefix($0) } })
    }
  }

  /// The table of docs/compose.md.
  static var table: String {
    "| in `docker inspect` | a pod | Compose 5.6.1 | why |\n| --- | --- | --- | --- |\n"
      + all.map { "| \($0.place) | \($0.ours) | \($0.theirs) | \($0.why) |\n" }.joined()
  }
}

/// Brings what either side created to a form in which nothing but a fault differs.
struct ParityForm: Sendable {
  let names: ParityNames
  let project: Project

  /// What changes from one container to the next.
  private static let volatile = [
    ["Id"], ["Created"], ["State"], ["ResolvConfPath"], ["HostnamePath"], ["HostsPath"],
    ["LogPath"],
    ["GraphDriver"], ["NetworkSettings", "SandboxID"], ["NetworkSettings", "SandboxKey"],
    // A container that hasn't started has none; Compose's request says some that don't count.
    ["NetworkSettings", "Networks", "*", "IPAddress"],
    ["NetworkSettings", "Networks", "*", "IPv6Gateway"],
    // Engine 26 and later: made of the aliases, at the connect or at the start, whichever comes first.
    ["NetworkSettings", "Networks", "*", "DNSNames"],
  ]

  /// Lists in which the order means nothing.
  private static let unordered = [
    ["Config", "Env"], ["HostConfig", "Binds"], ["HostConfig", "ExtraHosts"],
    ["HostConfig", "Links"],
    ["HostConfig", "Mounts"], ["HostConfig", "Ulimits"], ["Mounts"],
    ["NetworkSettings", "Networks", "*", "Aliases"], ["NetworkSettings", "Networks", "*", "Links"],
  ]

  /// A container, as `docker inspect` has it.
  func container(_ value: JSON, of service: Service) -> JSON? {
    var value = value
    for path in Self.volatile { value.edit(path) { $0 = nil } }
    for difference in Difference.all { difference.remove(&value, service, project) }
    value = Self.withoutIDs(names.replaced(in: value))
    for path in Self.unordered {
      value.edit(path) { list in
        list = (list?.array).map { .array(Self.sorted($0)) }
      }
    }
    return value.pruned
  }

  /// A network, or a volume.
  func object(_ value: JSON, hasPools: Bool) -> JSON? {
    var value = value
    Difference.removeContractLabels(&value, at: ["Labels"])
    for key in ["Id", "Created", "CreatedAt", "Containers", "CheckDuplicate"] { value[key] = nil }
    if !hasPools { value.edit(["IPAM", "Config"]) { $0 = nil } }
    return names.replaced(in: value).pruned
  }

  private static func sorted(_ items: [JSON]) -> [JSON] {
    items.map { ($0, String(decoding: $0.bytes, as: UTF8.self)) }.sorted { $0.1 < $1.1 }.map(\.0)
  }

  /// Names of anonymous volumes are IDs.
  private static func withoutIDs(_ value: JSON) -> JSON {
    switch value {
    case .string(let text):
      .string(text.replacing(/[0-9a-f]{64}/, with: "ID"))
    case .array(let items): .array(items.map(withoutIDs))
    case .object(let members): .object(members.mapValues(withoutIDs))
    default: value
    }
  }
}
