import JSON
import PodIdentity

/// mesos.v1.executor.Event (mesos/v1/executor/executor.proto).
enum AgentEvent: Sendable {
  case subscribed(Subscription)
  case launch(LaunchedTask)
  case launchGroup([LaunchedTask])
  case kill(TaskID, KillPolicy?)
  case acknowledged(TaskID, uuid: Base64Bytes)
  case message(Base64Bytes)
  case shutdown
  case error(String)
  case heartbeat
  /// An unknown type, with its name.
  case unknown(String)

  /// A task of a LAUNCH or LAUNCH_GROUP. A malformed task still has an ID, which its TASK_ERROR
  /// needs.
  enum LaunchedTask: Sendable {
    case task(TaskInfo)
    case malformed(TaskID, reason: String)

    /// The task's ID.
    var id: TaskID {
      switch self {
      case .task(let task): task.taskID
      case .malformed(let id, _): id
      }
    }
  }

  /// Decodes a record of the event stream.
  /// - Throws: `DecodingError`.
  init(json: [UInt8]) throws {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    self = try decoder.decode(Envelope.self, from: quotingNonFiniteNumbers(repaired(json)))
      .event
  }
}

/// A SUBSCRIBED that cannot be decoded.
struct UnusableSubscription: Error, CustomStringConvertible {
  let reason: String

  var description: String { "the agent's SUBSCRIBED can't be read: \(reason)" }
}

/// The contents of SUBSCRIBED (Event.Subscribed).
package struct Subscription: Codable, Sendable, Hashable {
  /// This executor; nil where the field is missing or malformed, like each of the other fields.
  package let executor: ExecutorInfo?
  /// Its framework.
  package let framework: FrameworkInfo?
  /// The agent.
  package let agent: AgentInfo?
  /// The run; agents before 1.1 do not send it.
  package let run: ContainerID?

  /// The problem of the agent's container ID, which would become part of a path; nil where it is
  /// valid or missing.
  package var problemOfRun: String? { run.flatMap { IDCheck.problem($0.value) } }

  /// The contents of a SUBSCRIBED.
  package init(
    executor: ExecutorInfo?, framework: FrameworkInfo?, agent: AgentInfo?, run: ContainerID?
  ) {
    self.executor = executor
    self.framework = framework
    self.agent = agent
    self.run = run
  }

  private enum CodingKeys: String, CodingKey {
    case executor = "executor_info"
    case framework = "framework_info"
    case agent = "agent_info"
    case run = "container_id"
  }

  /// Decodes an agent's message. A malformed field is treated as missing.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    executor = try? values.decode(ExecutorInfo.self, forKey: .executor)
    framework = try? values.decode(FrameworkInfo.self, forKey: .framework)
    agent = try? values.decode(AgentInfo.self, forKey: .agent)
    run = try? values.decode(ContainerID.self, forKey: .run)
  }
}

/// The encoded event: its type, and a field with that name.
private struct Envelope: Decodable {
  let event: AgentEvent

  private enum CodingKeys: String, CodingKey {
    case type, subscribed, launch, kill, acknowledged, message, error
    case launchGroup = "launch_group"
  }

  private struct Launch: Decodable { let task: AgentEvent.LaunchedTask }
  private struct LaunchGroup: Decodable {
    struct Group: Decodable { let tasks: [AgentEvent.LaunchedTask]? }
    let task_group: Group
  }
  private struct Kill: Decodable {
    let task_id: TaskID
    let kill_policy: KillPolicy?

    private enum CodingKeys: CodingKey { case task_id, kill_policy }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      task_id = try values.decode(TaskID.self, forKey: .task_id)
      // A malformed policy does not prevent the kill: the task's own grace period applies.
      kill_policy = try? values.decode(KillPolicy.self, forKey: .kill_policy)
    }
  }
  private struct Acknowledged: Decodable {
    let task_id: TaskID
    let uuid: Base64Bytes
  }
  private struct Message: Decodable { let data: Base64Bytes }
  private struct Failure: Decodable { let message: String }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    let type = try values.decodeIfPresent(String.self, forKey: .type) ?? "UNKNOWN"
    switch type {
    case "SUBSCRIBED":
      do {
        event = .subscribed(try values.decode(Subscription.self, forKey: .subscribed))
      } catch {
        throw UnusableSubscription(reason: "\(error)")
      }
    case "LAUNCH":
      event = .launch(try values.decode(Launch.self, forKey: .launch).task)
    case "LAUNCH_GROUP":
      let group = try values.decode(LaunchGroup.self, forKey: .launchGroup)
      event = .launchGroup(group.task_group.tasks ?? [])
    case "KILL":
      let kill = try values.decode(Kill.self, forKey: .kill)
      event = .kill(kill.task_id, kill.kill_policy)
    case "ACKNOWLEDGED":
      let acknowledged = try values.decode(Acknowledged.self, forKey: .acknowledged)
      event = .acknowledged(acknowledged.task_id, uuid: acknowledged.uuid)
    case "MESSAGE":
      event = .message(try values.decode(Message.self, forKey: .message).data)
    case "SHUTDOWN": event = .shutdown
    case "ERROR":
      event = .error(try values.decodeIfPresent(Failure.self, forKey: .error)?.message ?? "")
    case "HEARTBEAT": event = .heartbeat
    default: event = .unknown(type)
    }
  }
}

extension AgentEvent.LaunchedTask: Decodable {
  private struct Named: Decodable { let task_id: TaskID }

  init(from decoder: any Decoder) throws {
    do {
      self = .task(try TaskInfo(from: decoder))
    } catch {
      let named = try Named(from: decoder)
      self = .malformed(named.task_id, reason: "\(error)")
    }
  }
}

/// The text with U+FFFD in place of invalid UTF-8. Agents of up to 1.11 forward any bytes that a
/// framework put into a label.
func repaired(_ json: [UInt8]) -> [UInt8] {
  String(validating: json, as: UTF8.self) == nil
    ? Array(String(decoding: json, as: UTF8.self).utf8) : json
}

/// Puts non-finite numbers in quotes. Agents write an infinite number (a task without a limit, 1.10
/// and later) as a bare `Infinity`, which is not valid JSON (stout/jsonify.hpp).
func quotingNonFiniteNumbers(_ json: [UInt8]) -> [UInt8] {
  let quote = UInt8(ascii: "\"")
  var out: [UInt8] = []
  out.reserveCapacity(json.count)
  var isInString = false
  var index = 0
  while index < json.count {
    let byte = json[index]
    if isInString {
      out.append(byte)
      if byte == UInt8(ascii: "\\"), index + 1 < json.count {
        index += 1
        out.append(json[index])
      } else if byte == quote {
        isInString = false
      }
      index += 1
      continue
    }
    let word: String? =
      switch byte {
      case UInt8(ascii: "I"): "Infinity"
      case UInt8(ascii: "-"): "-Infinity"
      case UInt8(ascii: "N"): "NaN"
      default: nil
      }
    if let word = word?.utf8, json[index...].starts(with: word) {
      out.append(quote)
      out += word
      out.append(quote)
      index += word.count
      continue
    }
    isInString = byte == quote
    out.append(byte)
    index += 1
  }
  return out
}
