import AgentStandIn
import Compose
import Foundation
import OrderedCollections
import YAML

/// One intended difference between a container, network or volume of a pod and the one that Docker
/// Compose creates from the same file. docs/compose.md lists all of them; nothing else may differ.
struct Difference: Sendable {
  /// The field in `docker inspect`.
  let location: String
  /// The value in a pod.
  let ours: String
  /// The value from Docker Compose.
  let theirs: String
  /// The reason.
  let why: String
  /// Removes the difference from the container of either side.
  let remove: @Sendable (inout JSON, Compose.Service, Compose.Project) -> Void

  /// The labels of the contract, and Compose's own.
  static let contract = [
    "mesos.", "com.docker.compose.", "taskId", "executorId",
  ]

  static let all: [Difference] = [
    Difference(
      location: "`Name`, and every name or ID of another object",
      ours:
        "container `TASK_SERVICE`; network and volume `PROJECT_KEY`, with a project name "
        + "made from task and run",
      theirs:
        "container `PROJECT-SERVICE-1`; network and volume `PROJECT_KEY` or the file's `name:`",
      why: "Two pods from one file never share a name.",
      remove: { _, _, _ in }),
    Difference(
      location: "`Config.Labels`, and `Labels` of networks and volumes",
      ours:
        "`mesos.*`, `taskId`, `executorId`, and the labels that Compose's own commands search for",
      theirs: "`com.docker.compose.*`",
      why: "Labels identify the owner of an object.",
      remove: { container, _, _ in removeContractLabels(&container, at: ["Config", "Labels"]) }),
    Difference(
      location: "`HostConfig.CgroupParent`",
      ours: "the task's cgroup",
      theirs: "`cgroup_parent`, or nothing",
      why: "The task's limits apply to the whole pod.",
      remove: { container, _, _ in container.edit(["HostConfig", "CgroupParent"]) { $0 = nil } }),
    Difference(
      location: "`HostConfig.RestartPolicy`",
      ours: "`no`",
      theirs: "`restart`, or `deploy.restart_policy`",
      why:
        "The executor restarts containers. No container may start again after the executor "
        + "has died.",
      remove: { container, _, _ in container.edit(["HostConfig", "RestartPolicy"]) { $0 = nil } }),
    Difference(
      location: "`HostConfig.PortBindings`: `HostPort`",
      ours: "the task's next offered port",
      theirs: "the file's port",
      why: "A host port belongs to one task.",
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
      location: "`HostConfig.LogConfig` without `logging` in the file",
      ours: "json-file with two files of 50 MB, or the operator's setting",
      theirs: "the engine's default",
      why: "The sandbox already has the output, and a log must not fill the host's disk.",
      remove: { container, service, _ in
        guard service.logging == nil else { return }
        container.edit(["HostConfig", "LogConfig"]) { $0 = nil }
      }),
    Difference(
      location: "`NetworkSettings.Networks.*.Aliases`",
      ours: "the `container_name`, but not the container's own name",
      theirs: "the container's name",
      why:
        "Docker resolves a container's own name without an alias. Here it differs from "
        + "`container_name`.",
      remove: { container, service, _ in
        let own = Set([container["Name"]?.string?.drop { $0 == "/" }.description].compactMap { $0 })
          .union([service.containerName?.value].compactMap { $0 })
        container.edit(["NetworkSettings", "Networks", "*", "Aliases"]) { aliases in
          aliases = (aliases?.array).map { .array($0.filter { !own.contains($0.string ?? "") }) }
        }
      }),
    Difference(
      location: "`HostConfig.VolumesFrom`, and `RW` of the `Mounts` from there",
      ours: "`:ro` is kept",
      theirs: "`:ro` is dropped",
      why: "The executor drops nothing that the file asks for.",
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
      location: "`HostConfig.IpcMode` of a service whose `ipc` another service joins",
      ours: "`shareable`, unless the file sets `ipc`",
      theirs: "the engine's default, which refuses the other service",
      why: "`ipc: service:NAME` works without further settings.",
      remove: { container, service, project in
        let isShared = project.services.values.contains { $0.ipc?.value == .service(service.name) }
        guard service.ipc == nil, isShared else { return }
        container.edit(["HostConfig", "IpcMode"]) { $0 = nil }
      }),
    Difference(
      location: "`HostConfig.ExtraHosts` of a service whose network another service joins",
      ours:
        "its own hosts, the hosts of the services that joined, and the names of all of them "
        + "at 127.0.0.1",
      theirs: "its own hosts",
      why: "The services reach each other by name.",
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
      location: "`Config.MacAddress` on an engine before API 1.44",
      ours: "`mac_address`",
      theirs: "nothing",
      why: "The executor drops nothing that the file asks for.",
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
    "| field in `docker inspect` | pod | Docker Compose 5.6.1 | reason |\n"
      + "| --- | --- | --- | --- |\n"
      + all.map { "| \($0.location) | \($0.ours) | \($0.theirs) | \($0.why) |\n" }.joined()
  }
}

/// Converts the objects of either side to a form in which only a fault differs.
struct ParityForm: Sendable {
  let names: ParityNames
  let project: Project

  /// Fields that differ between any two containers.
  private static let volatile = [
    ["Id"], ["Created"], ["State"], ["ResolvConfPath"], ["HostnamePath"], ["HostsPath"],
    ["LogPath"],
    ["GraphDriver"], ["NetworkSettings", "SandboxID"], ["NetworkSettings", "SandboxKey"],
    // A container that hasn't started has none; Compose's request has some that have no effect.
    ["NetworkSettings", "Networks", "*", "IPAddress"],
    ["NetworkSettings", "Networks", "*", "IPv6Gateway"],
    // Engine 26 and later: derived from the aliases, at the connect or at the start, whichever is
    // first.
    ["NetworkSettings", "Networks", "*", "DNSNames"],
  ]

  /// Lists whose order has no meaning.
  private static let unordered = [
    ["Config", "Env"], ["HostConfig", "Binds"], ["HostConfig", "ExtraHosts"],
    ["HostConfig", "Links"],
    ["HostConfig", "Mounts"], ["HostConfig", "Ulimits"], ["Mounts"],
    ["NetworkSettings", "Networks", "*", "Aliases"], ["NetworkSettings", "Networks", "*", "Links"],
  ]

  /// A container in the form of `docker inspect`.
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

  /// A network or a volume.
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
