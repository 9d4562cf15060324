/// The messages of a call, as declared in include/mesos/v1/executor/executor.proto and
/// include/mesos/v1/mesos.proto.
///
/// Only the names of a TaskInfo's fields are checked: the executor sends back the TaskInfo that it
/// got from the agent.
enum CallSchema {
  indirect enum Kind: Sendable {
    case string, bytes, number, bool, anything
    case enumeration(@Sendable (MesosVersion) -> Set<String>)
    case message(String)
    case list(Kind)
  }

  struct Field: Sendable {
    let kind: Kind
    let isRequired: Bool
  }

  static func fields(of message: String) -> [String: Field] { messages[message] ?? [:] }

  private static func required(_ kind: Kind) -> Field { Field(kind: kind, isRequired: true) }
  private static func optional(_ kind: Kind) -> Field { Field(kind: kind, isRequired: false) }
  private static func names(_ names: Set<String>) -> Kind { .enumeration { _ in names } }

  private static let id = ["value": required(.string)]

  private static let messages: [String: [String: Field]] = [
    "Call": [
      "executor_id": required(.message("ID")),
      "framework_id": required(.message("ID")),
      "type": optional(
        .enumeration {
          let names: Set = ["UNKNOWN", "SUBSCRIBE", "UPDATE", "MESSAGE"]
          // Heartbeats were introduced in 1.8 (Call.Type).
          return $0 >= MesosVersion(1, 8) ? names.union(["HEARTBEAT"]) : names
        }),
      "subscribe": optional(.message("Subscribe")),
      "update": optional(.message("Update")),
      "message": optional(.message("Message")),
    ],
    "ID": id,
    "ContainerID": ["value": required(.string), "parent": optional(.message("ContainerID"))],
    "Subscribe": [
      "unacknowledged_tasks": optional(.list(.message("TaskInfo"))),
      "unacknowledged_updates": optional(.list(.message("Update"))),
    ],
    "Update": ["status": required(.message("TaskStatus"))],
    "Message": ["data": required(.bytes)],
    "TaskStatus": [
      "task_id": required(.message("ID")),
      "state": required(.enumeration(\.taskStates)),
      "message": optional(.string),
      "source": optional(names(["SOURCE_MASTER", "SOURCE_AGENT", "SOURCE_EXECUTOR"])),
      "reason": optional(.enumeration(\.reasons)),
      "data": optional(.bytes),
      "agent_id": optional(.message("ID")),
      "executor_id": optional(.message("ID")),
      "timestamp": optional(.number),
      "uuid": optional(.bytes),
      "healthy": optional(.bool),
      "check_status": optional(.message("CheckStatusInfo")),
      "labels": optional(.message("Labels")),
      "container_status": optional(.message("ContainerStatus")),
      "unreachable_time": optional(.anything),
      "limitation": optional(.message("TaskResourceLimitation")),
    ],
    "TaskResourceLimitation": ["resources": optional(.list(.anything))],
    "CheckStatusInfo": [
      "type": optional(names(["UNKNOWN", "COMMAND", "HTTP", "TCP"])),
      "command": optional(.message("CheckStatusInfo.Command")),
      "http": optional(.message("CheckStatusInfo.Http")),
      "tcp": optional(.message("CheckStatusInfo.Tcp")),
    ],
    "CheckStatusInfo.Command": ["exit_code": optional(.number)],
    "CheckStatusInfo.Http": ["status_code": optional(.number)],
    "CheckStatusInfo.Tcp": ["succeeded": optional(.bool)],
    "Labels": ["labels": optional(.list(.message("Label")))],
    "Label": ["key": required(.string), "value": optional(.string)],
    "ContainerStatus": [
      "container_id": optional(.message("ContainerID")),
      "network_infos": optional(.list(.message("NetworkInfo"))),
      "cgroup_info": optional(.anything),
      "executor_pid": optional(.number),
    ],
    "NetworkInfo": [
      "ip_addresses": optional(.list(.message("IPAddress"))),
      "name": optional(.string),
      "groups": optional(.list(.string)),
      "labels": optional(.message("Labels")),
      "port_mappings": optional(.list(.message("PortMapping"))),
    ],
    "IPAddress": [
      "protocol": optional(names(["IPv4", "IPv6"])),
      "ip_address": optional(.string),
    ],
    "PortMapping": [
      "host_port": required(.number),
      "container_port": required(.number),
      "protocol": optional(.string),
    ],
    "TaskInfo": [
      "name": required(.string),
      "task_id": required(.message("ID")),
      "agent_id": required(.message("ID")),
      "resources": optional(.list(.anything)),
      "executor": optional(.anything),
      "command": optional(.anything),
      "container": optional(.anything),
      "health_check": optional(.anything),
      "check": optional(.anything),
      "kill_policy": optional(.anything),
      "data": optional(.bytes),
      "labels": optional(.message("Labels")),
      "discovery": optional(.anything),
      "max_completion_time": optional(.anything),
      "limits": optional(.anything),
    ],
  ]
}
