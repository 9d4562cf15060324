import Foundation

/// Checks of a call beyond the types of its fields, with the agent's error texts.
///
/// Follows src/common/validation.cpp, `validateExecutorCall` and `validateCheckStatusInfo`.
enum CallValidation {
  /// The error of a call. Nil if the call is valid.
  static func error(of call: JSON) -> String? {
    guard let type = call["type"]?.string else { return "Expecting 'type' to be present" }
    switch type {
    case "SUBSCRIBE":
      return call["subscribe"] == nil ? "Expecting 'subscribe' to be present" : nil
    case "UPDATE":
      guard let status = call["update"]?["status"] else {
        return "Expecting 'update' to be present"
      }
      return error(
        of: status, executor: call["executor_id"]?.id ?? "",
        framework: call["framework_id"]?.id ?? "")
    case "MESSAGE":
      return call["message"] == nil ? "Expecting 'message' to be present" : nil
    default:
      return nil
    }
  }

  private static func error(of status: JSON, executor: String, framework: String) -> String? {
    guard let uuid = status["uuid"]?.string else { return "Expecting 'uuid' to be present" }
    guard UpdateID(base64: uuid) != nil else { return "Not a valid UUID" }
    if let own = status["executor_id"]?.id, own != executor {
      return "ExecutorID in Call: \(executor) does not match ExecutorID in TaskStatus: \(own)"
    }
    // The default of an absent source is the first name of the enum, SOURCE_MASTER.
    if status["source"]?.string != "SOURCE_EXECUTOR" {
      return
        "Received Call from executor \(executor) of framework \(framework) with invalid source, "
        + "expecting 'SOURCE_EXECUTOR'"
    }
    if status["state"]?.string == "TASK_STAGING" {
      return
        "Received TASK_STAGING from executor \(executor) of framework \(framework) which is not "
        + "allowed"
    }
    return status["check_status"].flatMap(error(ofCheck:))
  }

  private static func error(ofCheck check: JSON) -> String? {
    guard let type = check["type"]?.string else { return "CheckStatusInfo must specify 'type'" }
    let part = ["COMMAND": "command", "HTTP": "http", "TCP": "tcp"][type]
    guard let part else { return "'\(type)' is not a valid check's status type" }
    return check[part] == nil ? "Expecting '\(part)' to be set for \(type) check's status" : nil
  }
}

/// The uuid of a status update: 16 bytes of a version of RFC 4122.
package struct UpdateID: Sendable, Hashable, CustomStringConvertible {
  private let bytes: [UInt8]

  /// Decodes the uuid of an update. Nil if it isn't base64 of 16 bytes with a version from 1 to 5
  /// (3rdparty/stout/include/stout/uuid.hpp, `fromBytes`).
  package init?(base64 text: String) {
    guard let data = Data(base64Encoded: text), data.count == 16 else { return nil }
    bytes = Array(data)
    guard (1...5).contains(bytes[6] >> 4) else { return nil }
  }

  /// Creates a random uuid, as the agent does for its own updates.
  package init() {
    bytes = withUnsafeBytes(of: UUID().uuid) { Array($0) }
  }

  /// The encoding in an update.
  package var base64: String { Data(bytes).base64EncodedString() }

  /// The hexadecimal digits.
  package var description: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
