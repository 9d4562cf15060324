import Foundation
import TestSupport

extension FakeAgent {
  /// Parses a call and records what a real agent would refuse (src/slave/validation.cpp of 1.0,
  /// src/common/validation.cpp later, and Slave::statusUpdate).
  func seen(_ request: ServerRequest) -> SeenCall? {
    func note(_ what: String) {
      set { $0.violations.append(what) }
    }
    guard request.method == "POST", request.headers["content-type"] == "application/json",
      let object = try? JSONSerialization.jsonObject(with: Data(request.body)),
      let call = object as? [String: Any], let type = call["type"] as? String
    else {
      note("no call: \(request)")
      return nil
    }
    for (key, value) in ["executor_id": "E", "framework_id": "F"]
    where (call[key] as? [String: Any])?["value"] as? String != value {
      note("\(type) without \(key)")
    }
    var statuses: [[String: Any]] = []
    var tasks: [String] = []
    switch type {
    case "SUBSCRIBE":
      guard let subscribe = call["subscribe"] as? [String: Any] else {
        note("SUBSCRIBE without subscribe")
        return nil
      }
      let updates = subscribe["unacknowledged_updates"] as? [[String: Any]] ?? []
      statuses = updates.compactMap { $0["status"] as? [String: Any] }
      for task in subscribe["unacknowledged_tasks"] as? [[String: Any]] ?? [] {
        guard task["name"] is String, let id = value(task["task_id"]),
          value(task["agent_id"]) != nil
        else {
          note("a task without a required field")
          continue
        }
        tasks.append(id)
      }
    case "UPDATE":
      let status = (call["update"] as? [String: Any])?["status"] as? [String: Any]
      statuses = status.map { [$0] } ?? []
      if status == nil { note("UPDATE without status") }
    case "MESSAGE":
      let data = (call["message"] as? [String: Any])?["data"] as? String
      if data.flatMap({ Data(base64Encoded: $0) }) == nil { note("MESSAGE without data") }
    default: note("unknown call \(type)")
    }
    for status in statuses { problem(status).map(note) }
    return SeenCall(
      type: type, updates: statuses.compactMap(SeenUpdate.init), tasks: tasks,
      headers: request.headers, path: request.path,
      json: String(decoding: request.body, as: UTF8.self))
  }

  private func value(_ id: Any?) -> String? {
    (id as? [String: Any])?["value"] as? String
  }

  private func problem(_ status: [String: Any]) -> String? {
    let uuid = (status["uuid"] as? String).flatMap { Data(base64Encoded: $0) }
    if uuid?.count != 16 { return "no uuid of 16 bytes" }
    if status["source"] as? String != "SOURCE_EXECUTOR" { return "wrong source" }
    if value(status["executor_id"]) != "E" { return "wrong executor" }
    if value(status["agent_id"]) != "A" { return "wrong agent" }
    if value(status["task_id"]) == nil { return "no task" }
    if !(status["timestamp"] is Double) { return "no timestamp" }
    return Self.states.contains(status["state"] as? String ?? "") ? nil : "unknown state"
  }

  /// The states of TaskState in mesos/v1/mesos.proto of 1.0.
  private static let states: Set<String> = [
    "TASK_STARTING", "TASK_RUNNING", "TASK_KILLING", "TASK_FINISHED", "TASK_FAILED",
    "TASK_KILLED", "TASK_LOST", "TASK_ERROR",
  ]
}
