import DockerEngine
import PodIdentity
import TestSupport

/// A pod, and an engine with the objects that a test specifies.
enum Sample {
  static let parent = "/compose-pods/run-1"

  static func identity(
    pid: Int32? = 42, startTime: UInt64? = 7, agentID: String = "agent"
  ) -> PodIdentity {
    PodIdentity(
      frameworkID: "framework", executorID: "executor", taskID: "task", run: "run-1",
      agentID: agentID,
      incarnation: Incarnation(bootID: "boot", pid: pid, startTime: startTime),
      host: HostIdentity(machineID: "machine"), cgroupParent: parent, executorCgroup: "")
  }

  /// An engine that responds to a request, named by method and path without the API version, with
  /// the result of `replies`; 404 without a result.
  static func engine(
    _ replies: @escaping @Sendable (String) -> ServerReply?
  ) throws -> (server: FakeHTTPServer, engine: DockerEngine) {
    let server = try FakeHTTPServer { request in
      if request.target == "/_ping" {
        return .response(200, "OK", headers: ["Api-Version": "1.41", "OSType": "linux"])
      }
      return replies(name(of: request)) ?? .response(404, #"{"message":"no such thing"}"#)
    }
    return (server, DockerEngine(endpoint: .unix(path: server.path)))
  }

  /// A request's method and path, without the API version and the query.
  static func name(of request: ServerRequest) -> String {
    let path = request.target.prefix { $0 != "?" }.split(separator: "/").dropFirst()
    return request.method + " /" + path.joined(separator: "/")
  }

  /// Labels as JSON.
  static func json(_ labels: [String: String]) -> String {
    "{" + labels.map { #""\#($0)":"\#($1)""# }.joined(separator: ",") + "}"
  }

  static func container(_ id: String, image: String, _ identity: PodIdentity) -> String {
    #"{"Id":"\#(id)","Names":["/\#(id)-name"],"ImageID":"\#(image)","Labels":\#(json(identity.labels))}"#
  }

  /// A container's details as JSON, with the parts that every engine sends.
  static func details(
    _ id: String, state: String = "{}", config: String = "{}", host: String = "{}"
  ) -> String {
    #"{"Id":"\#(id)","State":\#(state),"Config":\#(config),"HostConfig":\#(host),"#
      + #""NetworkSettings":{}}"#
  }

  static let refusal = ServerReply.response(500, #"{"message":"broken"}"#)
}
