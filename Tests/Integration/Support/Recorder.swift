import AgentStandIn
import Foundation
import OrderedCollections
import Synchronization
import TestSupport

/// Accepts every request like an engine of the newest API, and records the requests to create
/// objects: for features that the test engines are too old for, or for missing hardware. Its
/// containers never run or exit.
struct Recorder: Sendable {
  /// The recorder as an engine.
  let engine: TestEngine
  private let recording: RecordingEngine

  /// Calls `body` with a recorder.
  static func with(_ body: (Recorder) async throws -> Void) async throws {
    let recording = RecordingEngine()
    let server = FakeHTTPServer { recording.serve($0, $1) }
    try server.listen(on: .temporary())
    defer { server.stop() }
    let engine = TestEngine(socket: server.path, cgroups: .v1)
    try await body(Recorder(engine: engine, recording: recording))
  }

  /// The objects created so far for a Compose project, in the form of `docker inspect`.
  func created(for project: String) -> CreatedObjects {
    var objects = CreatedObjects()
    var containers: [String: JSON] = [:]
    for record in recording.records {
      let labels = record.body["Labels"]
      guard
        record.kind == "connect" || labels?["com.docker.compose.project"]?.string == project
      else { continue }
      switch record.kind {
      case "containers": containers[record.id] = Self.inspected(record)
      case "connect":
        containers[record.body["Container"]?.string ?? ""]?.edit(["NetworkSettings", "Networks"]) {
          $0 = $0 ?? [:]
          $0?[record.name] = record.body["EndpointConfig"]
        }
      case "networks":
        objects.networks[labels?["com.docker.compose.network"]?.string ?? ""] = record.body
      default: objects.volumes[labels?["com.docker.compose.volume"]?.string ?? ""] = record.body
      }
    }
    for container in containers.values {
      let labels = container["Config"]?["Labels"]
      let service = labels?["com.docker.compose.service"]?.string ?? ""
      let number = labels?["com.docker.compose.container-number"]?.string ?? ""
      objects.containers["\(service)/\(number)"] = container
    }
    return objects
  }

  /// A request in the form of `docker inspect`.
  private static func inspected(_ record: RecordingEngine.Record) -> JSON {
    var config = record.body
    config["HostConfig"] = nil
    config["NetworkingConfig"] = nil
    return [
      "Id": .string(record.id), "Name": .string(record.name), "Platform": .string(record.platform),
      "Config": config, "HostConfig": record.body["HostConfig"] ?? [:],
      "NetworkSettings": [
        "Networks": record.body["NetworkingConfig"]?["EndpointsConfig"] ?? [:]
      ],
    ]
  }
}

/// The engine that a recorder imitates.
private final class RecordingEngine: Sendable {
  /// A request to create something, or to connect a container with a network.
  struct Record: Sendable {
    let kind: String
    let id: String
    let name: String
    let platform: String
    let body: JSON
  }

  fileprivate struct State {
    var records: [Record] = []
    var containers: OrderedDictionary<String, Record> = [:]
    // External objects of the files exist from the beginning.
    var networks: OrderedDictionary<String, JSON> = [
      "outside": ["Name": "bridge-outside", "Id": "outside"]
    ]
    var volumes: OrderedDictionary<String, JSON> = ["store-outside": ["Name": "store-outside"]]
  }

  /// A response; without a value its body doesn't end.
  fileprivate struct Response {
    var status = 200
    var value: JSON?
    static let done = Response(status: 204, value: .null)
    static func missing(_ what: String) -> Response {
      Response(status: 404, value: ["message": .string("not found: \(what)")])
    }
  }

  private let state = Mutex(State())

  var records: [Record] { state.withLock { $0.records } }

  func serve(_ request: ServerRequest, _ connection: ServerConnection) -> Bool {
    let response = response(to: request)
    var head = "HTTP/1.1 \(response.status) X\r\nApi-Version: 1.51\r\nOstype: linux\r\n"
    head += "Content-Type: application/json\r\n"
    guard let value = response.value else {
      connection.write("\(head)\r\n".utf8)
      connection.discard()
      return false
    }
    let body = response.status == 204 ? [] : value.bytes
    if response.status != 204 { head += "Content-Length: \(body.count)\r\n" }
    return connection.write(Array("\(head)\r\n".utf8) + (request.method == "HEAD" ? [] : body))
  }

  private func response(to request: ServerRequest) -> Response {
    let path = request.path.replacing(/^\/v[0-9.]+/, with: "").removingPercentEncoding ?? ""
    let query = URLComponents(string: request.target)?.queryItems ?? []
    func requested(_ name: String) -> String? { query.first { $0.name == name }?.value }
    let body = (try? JSON(parsing: request.body)) ?? [:]
    let parts = path.split(separator: "/").map(String.init)
    let rest = parts.dropFirst().joined(separator: "/")
    let filters = requested("filters").flatMap { try? JSON(parsing: Array($0.utf8))["label"] }
    let wanted =
      filters?.array?.compactMap(\.string) ?? filters?.members.map { Array($0.keys) } ?? []
    func isWanted(_ body: JSON) -> Bool {
      wanted.allSatisfy { label in
        let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let value = body["Labels"]?[String(parts[0])]?.string
        return value != nil && (parts.count == 1 || value == String(parts[1]))
      }
    }
    return state.withLock { state in
      switch (request.method, parts.first ?? "") {
      case (_, "_ping"): return Response(value: "OK")
      case (_, "version"):
        return Response(value: [
          "ApiVersion": "1.51", "MinAPIVersion": "1.24", "Version": "28.5.0", "Os": "linux",
          "Arch": "amd64",
        ])
      case (_, "info"):
        return Response(value: [
          "ID": "recorder", "CgroupDriver": "cgroupfs", "CgroupVersion": "1", "OSType": "linux",
          "Architecture": "x86_64", "ServerVersion": "28.5.0",
          "Swarm": ["LocalNodeState": "inactive"],
        ])
      case (_, "events"): return Response()
      case (_, "images") where rest.hasSuffix("/json"):
        return Response(value: [
          "Id": "sha256:0", "RepoTags": [.string(String(rest.dropLast(5)))], "Os": "linux",
          "Architecture": "amd64", "Config": [:],
        ])
      case (_, "images"): return Response(value: [])
      case ("DELETE", _):
        state.remove(rest)
        return .done
      case (_, let kind) where rest == "create":
        return state.create(
          kind, requested("name") ?? body["Name"]?.string ?? "", requested("platform") ?? "", body)
      case (_, "networks") where rest.hasSuffix("/connect"):
        let name = String(rest.dropLast(8))
        state.records.append(Record(kind: "connect", id: "", name: name, platform: "", body: body))
        return Response(value: [:])
      case (_, "containers") where rest == "json":
        let found = state.containers.values.filter { isWanted($0.body) }
        return Response(value: .array(found.map(Self.listed)))
      case (_, "networks") where rest.isEmpty:
        return Response(value: .array(state.networks.values.filter(isWanted)))
      case (_, "volumes") where rest.isEmpty:
        let found = state.volumes.values.filter(isWanted)
        return Response(value: ["Volumes": .array(found), "Warnings": []])
      case (_, "containers") where parts.count == 3:
        guard
          let one = state.containers.values.first(where: { [$0.id, $0.name].contains(parts[1]) })
        else { return .missing(path) }
        switch parts[2] {
        case "json": return Response(value: Self.inspected(one))
        case "attach", "wait", "logs": return Response()
        case "archive" where request.method == "HEAD": return .missing(path)
        default: return .done
        }
      default:
        let all = Array(state.networks.values) + Array(state.volumes.values)
        let found = all.first { $0["Id"]?.string == rest || $0["Name"]?.string == rest }
        return found.map { Response(value: $0) } ?? .missing(path)
      }
    }
  }

  private static func listed(_ one: Record) -> JSON {
    [
      "Id": .string(one.id), "Names": [.string("/\(one.name)")],
      "Labels": one.body["Labels"] ?? .null, "Image": one.body["Image"] ?? .null,
      "ImageID": "sha256:0", "State": "created", "Status": "Created",
      "NetworkSettings": ["Networks": [:]],
    ]
  }

  private static func inspected(_ one: Record) -> JSON {
    [
      "Id": .string(one.id), "Name": .string("/\(one.name)"), "Image": "sha256:0",
      "Config": one.body, "State": ["Status": "created", "Running": false],
      "HostConfig": one.body["HostConfig"] ?? [:], "NetworkSettings": ["Networks": [:]],
      "Mounts": [],
    ]
  }
}

extension RecordingEngine.State {
  fileprivate mutating func create(
    _ kind: String, _ name: String, _ platform: String, _ body: JSON
  ) -> RecordingEngine.Response {
    // Clients shorten IDs to their first digits.
    let id = (0..<4).map { _ in
      String(UInt64.random(in: 1 << 63 ... .max), radix: 16)
    }.joined()
    let record = RecordingEngine.Record(
      kind: kind, id: id, name: name, platform: platform, body: body)
    records.append(record)
    var object = body
    switch kind {
    case "containers": containers[id] = record
    case "networks":
      object["Id"] = .string(id)
      networks[id] = object
    default:
      for (key, value) in ["Driver": "local", "Mountpoint": "", "Scope": "local"]
      where object[key] == nil {
        object[key] = .string(value)
      }
      volumes[name] = object
      return RecordingEngine.Response(status: 201, value: object)
    }
    return RecordingEngine.Response(status: 201, value: ["Id": .string(id), "Warnings": []])
  }

  fileprivate mutating func remove(_ name: String) {
    containers.removeAll { name == $0.key || name == $0.value.name }
    networks.removeAll { name == $0.key || name == $0.value["Name"]?.string }
    volumes[name] = nil
  }
}

extension CreatedObjects {
  /// No objects.
  init() {}
}
