import AgentStandIn
import TestSupport
import Testing

@testable import EngineStandIn

@Suite("Responses of an older engine")
struct ResponseFilterTests {
  private func response(
    _ release: EngineRelease, _ path: String, _ body: String
  ) throws -> JSON {
    let endpoint = try #require(Endpoint.of("GET", path, release.api))
    return try JSON(
      parsing: ResponseFilter(release: release).body(Array(body.utf8), endpoint))
  }

  @Test("a field of a later version is removed at any depth, and the rest is unchanged")
  func stripped() throws {
    let body = """
      {"Id":"0a","Platform":"linux","Size":1.5,"State":{"Pid":7,"Health":{"Status":"healthy"}},
       "HostConfig":{"CgroupnsMode":"host","NanoCpus":9007199254740993,"Init":null,
        "Binds":["/a:/b"],"DeviceRequests":[],"Mounts":[{"Target":"/c","Consistency":"cached"}]},
       "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"","HostPort":"8080"}],"81/tcp":null},
        "Networks":{"a":{"IPAddress":"10.0.0.2","DriverOpts":null,"DNSNames":["b"]}}}}
      """
    let old = try response(.v1_13, "/containers/0a/json", body)
    #expect(
      try old
        == JSON(
          parsing: Array(
            """
            {"Id":"0a","State":{"Pid":7,"Health":{"Status":"healthy"}},
             "HostConfig":{"NanoCpus":9007199254740993,"Init":null,"Binds":["/a:/b"],
              "Mounts":[{"Target":"/c"}]},
             "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"","HostPort":"8080"}],"81/tcp":null},
              "Networks":{"a":{"IPAddress":"10.0.0.2"}}}}
            """.utf8)))
    let newer = try response(.v20_10, "/containers/0a/json", body)
    #expect(newer["Platform"] == "linux" && newer["HostConfig"]?["CgroupnsMode"] == "host")
    #expect(newer["HostConfig"]?["DeviceRequests"] == [])
  }

  @Test("the fields of list elements are those of the version")
  func lists() throws {
    let body = #"[{"Id":"a","Services":{}},{"Id":"b","ConfigOnly":false,"Ingress":true}]"#
    #expect(try response(.v1_13, "/networks", body) == [["Id": "a"], ["Id": "b"]])
    #expect(
      try response(.v17_06, "/networks", body)
        == [["Id": "a", "Services": [:]], ["Id": "b", "ConfigOnly": false, "Ingress": true]])
    let volumes = #"{"Volumes":[{"Name":"a","CreatedAt":"now"}],"Warnings":null}"#
    #expect(
      try response(.v17_06, "/volumes", volumes) == ["Volumes": [["Name": "a"]], "Warnings": .null])
  }

  @Test("every version in a response is the release's own", arguments: EngineRelease.all)
  func versions(release: EngineRelease) throws {
    let version = try response(
      release, "/version",
      """
      {"Version":"20.10.24","ApiVersion":"1.41","MinAPIVersion":"1.12","Platform":{"Name":""},
       "Components":[{"Name":"Engine","Version":"20.10.24","Details":{"ApiVersion":"1.41"}},
        {"Name":"runc","Version":"1.1","Details":{}}]}
      """)
    #expect(version["Version"]?.string == release.version)
    #expect(version["ApiVersion"]?.string == "1.\(release.api)")
    #expect(version["MinAPIVersion"] == "1.12")
    let components = version["Components"]?.array
    #expect((components == nil) == (release.api < 35))
    if let components {
      #expect(components[0]["Version"]?.string == release.version)
      #expect(components[0]["Details"]?["ApiVersion"]?.string == "1.\(release.api)")
      #expect(components[1]["Version"] == "1.1")
    }
    let info = try response(
      release, "/info",
      #"{"ServerVersion":"20.10.24","CgroupVersion":"1","CgroupDriver":"cgroupfs"}"#)
    #expect(info["ServerVersion"]?.string == release.version)
    #expect(info["CgroupVersion"] == (release.api < 41 ? nil : "1"))
    #expect(info["CgroupDriver"] == "cgroupfs")
  }

  @Test("the head of a response has the release's version and no field of a later version")
  func heads() {
    let old = ResponseFilter(release: .v1_13)
    #expect(old.headField("Api-Version", "1.41") == "1.25")
    #expect(old.headField("Server", "Docker/20.10.24 (linux)") == "Docker/1.13.0 (linux)")
    #expect(old.headField("Ostype", "linux") == nil)
    #expect(old.headField("Builder-Version", "2") == nil)
    #expect(old.headField("Date", "now") == "now")
    #expect(ResponseFilter(release: .v17_06).headField("Ostype", "linux") == "linux")
  }

  @Test("an event of a later version is dropped, and later fields of other events are removed")
  func events() throws {
    let endpoint = try #require(Endpoint.of("GET", "/events", 25))
    func event(_ release: EngineRelease, _ text: String) throws -> JSON? {
      try ResponseFilter(release: release).event(Array(text.utf8), endpoint)
        .map { try JSON(parsing: $0) }
    }
    let end = #"{"Type":"container","Action":"exec_die","scope":"local"}"#
    #expect(try event(.v17_12, end) == nil)
    #expect(try event(.v19_03, end) != nil)
    let death = #"{"Type":"container","Action":"die","status":"die","scope":"local","time":1}"#
    #expect(
      try event(.v1_13, death)
        == ["Type": "container", "Action": "die", "status": "die", "time": 1])
    #expect(try event(.v17_06, death)?["scope"] == "local")
  }

  @Test("a failure has the status of an engine without typed errors")
  func statuses() {
    func status(_ release: EngineRelease, _ text: String) -> Int {
      ResponseFilter(release: release).status(409, Array(#"{"message":"\#(text)"}"#.utf8))
    }
    #expect(status(.v17_06, "removal of container 0a is already in progress") == 400)
    #expect(status(.v1_13, "Container 0a is not running") == 500)
    #expect(status(.v17_06, "network with name a already exists") == 500)
    #expect(status(.v1_13, "Conflict. The container name is already in use") == 409)
    #expect(status(.v17_12, "removal of container 0a is already in progress") == 409)
  }
}
