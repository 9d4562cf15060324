import AgentStandIn
import TestSupport
import Testing

@testable import EngineStandIn

@Suite("Requests to an older engine")
struct RequestCheckTests {
  /// The refusal of a request. Nil if the stand-in accepts it.
  private func refusal(
    _ release: EngineRelease, _ method: String, _ target: String, _ body: String = ""
  ) -> RequestCheck.Refusal? {
    let check = RequestCheck(release: release)
    do throws(RequestCheck.Refusal) {
      try check.check(Array(body.utf8), of: try check.route(method, target))
      return nil
    } catch {
      return error
    }
  }

  @Test(
    "a field of a later version is refused by name",
    arguments: [
      (#"{"HostConfig":{"CgroupnsMode":"host"}}"#, 41, "HostConfig.CgroupnsMode"),
      (
        #"{"HostConfig":{"Mounts":[{"Type":"bind","BindOptions":{"NonRecursive":true}}]}}"#, 40,
        "HostConfig.Mounts.BindOptions.NonRecursive"
      ),
      (#"{"HostConfig":{"DeviceRequests":[{"Count":-1}]}}"#, 40, "HostConfig.DeviceRequests"),
      (#"{"Healthcheck":{"Test":["NONE"],"StartPeriod":1}}"#, 30, "Healthcheck.StartPeriod"),
      (
        #"{"NetworkingConfig":{"EndpointsConfig":{"a":{"DriverOpts":{}}}}}"#, 30,
        "NetworkingConfig.EndpointsConfig.a.DriverOpts"
      ),
      (
        #"{"HostConfig":{"Init":true,"Sysctls":{"a.b":"1"},"Mounts":[{"Type":"a"}]}}"#,
        25, ""
      ),
    ])
  func laterField(body: String, first: Int, field: String) {
    for release in EngineRelease.all {
      let refusal = refusal(release, "POST", "/v1.\(release.api)/containers/create", body)
      let text = "POST /containers/create has no field \(field) (\(release))"
      #expect(refusal?.message == (release.api < first ? text : nil))
      #expect(refusal.map { $0.status == 400 } ?? true)
    }
  }

  @Test("a field that no version has is refused at any depth", arguments: EngineRelease.all)
  func unknownField(release: EngineRelease) {
    let body = #"{"Image":"a","Labels":{"any":"thing"},"HostConfig":{"Memry":1},"Tpyo":2}"#
    let refusal = refusal(release, "POST", "/containers/create", body)
    #expect(
      refusal?.message
        == "POST /containers/create has no field HostConfig.Memry, Tpyo (\(release))")
  }

  @Test("a field that was removed in a later version is refused")
  func goneField() {
    let body = #"{"HostConfig":{"InitPath":"/init"}}"#
    #expect(refusal(.v1_13, "POST", "/containers/create", body) == nil)
    #expect(refusal(.v17_06, "POST", "/containers/create", body)?.status == 400)
  }

  @Test(
    "a parameter of a later version is refused by name",
    arguments: [
      ("POST", "/containers/create?name=a&platform=linux", 41, "platform"),
      ("POST", "/containers/0a/wait?condition=next-exit", 30, "condition"),
      ("GET", "/containers/0a/logs?stdout=1&until=5", 35, "until"),
      ("POST", "/images/create?fromImage=a/b&tag=1&platform=linux", 32, "platform"),
      ("POST", "/containers/0a/stop?t=3&signal=INT", 42, "signal"),
    ])
  func laterParameter(method: String, target: String, first: Int, name: String) {
    for release in EngineRelease.all {
      let message = refusal(release, method, target)?.message
      #expect((message?.contains("has no parameter \(name) ") ?? false) == (release.api < first))
      #expect(message == nil || release.api < first)
    }
  }

  @Test("a filter of a later version is refused with the engine's message")
  func laterFilter() {
    let filters = "%7B%22label%22%3A%5B%22a%3Db%22%5D%2C%22dangling%22%3A%7B%22true%22%3Atrue%7D%7D"
    let refusal = refusal(.v17_12, "GET", "/networks?filters=\(filters)")
    #expect(
      refusal?.message == "Invalid filter 'dangling' for GET /networks (\(EngineRelease.v17_12))")
    #expect(self.refusal(.v19_03, "GET", "/networks?filters=\(filters)") == nil)
    #expect(self.refusal(.v1_13, "GET", "/volumes?filters=\(filters)") == nil)
  }

  @Test("a newer API version is too new, and a very old one is too old")
  func versions() throws {
    #expect(
      refusal(.v1_13, "GET", "/v1.41/info")
        == RequestCheck.Refusal(
          status: 400,
          message: "client version 1.41 is too new. Maximum supported API version is 1.25"))
    #expect(refusal(.v1_13, "GET", "/v1.11/info")?.message.contains("is too old") == true)
    #expect(refusal(.v17_06, "GET", "/v1.25/info") == nil)
    // A request with an older version has no later fields.
    #expect(refusal(.v20_10, "POST", "/v1.25/containers/0a/wait?condition=removed") != nil)
  }

  @Test("a path without a version has the engine's newest version")
  func unversioned() throws {
    for path in ["/_ping", "/version", "/containers/0a/json?size=1"] {
      #expect(try RequestCheck(release: .v17_06).route("GET", path).target == "/v1.30\(path)")
    }
  }

  @Test("an endpoint that the version doesn't have is not found")
  func endpoints() {
    #expect(refusal(.v17_12, "HEAD", "/_ping")?.status == 404)
    #expect(refusal(.v19_03, "HEAD", "/_ping") == nil)
    for path in ["/containers/0a/unheard-of", "/services", "/v1.30/secrets", "/containers//start"] {
      #expect(refusal(.v17_06, "POST", path)?.status == 404, "\(path)")
    }
  }

  @Test("the name of an image may have slashes, the name of a container may not")
  func names() throws {
    let check = RequestCheck(release: .v1_13)
    let image = try check.route("GET", "/images/registry:5000/a/b:1/json").endpoint
    #expect(image.name == "GET /images/{name}/json")
    #expect(try check.route("GET", "/images/json").endpoint.name == "GET /images/json")
    #expect(refusal(.v1_13, "GET", "/containers/a/b/json")?.status == 404)
  }

  @Test("a body that isn't JSON, or that the endpoint doesn't accept, is refused")
  func bodies() {
    #expect(refusal(.v20_10, "POST", "/containers/create", "{")?.status == 400)
    #expect(refusal(.v20_10, "POST", "/containers/0a/start", "{}")?.status == 400)
  }
}
