import FoundationEssentials
import Testing

@testable import DockerEngine

@Suite("The Engine API's JSON")
struct CodingTests {
  private func decode<T: Decodable>(_ text: String) throws -> T {
    try JSONDecoder().decode(T.self, from: Data(text.utf8))
  }

  private func encode(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  @Test("a container is decoded with all fields that a pod uses, including nulls")
  func container() throws {
    let details: ContainerDetails = try decode(
      """
      {"Id":"ab12","Created":"2024-01-02T03:04:05.678Z","Path":"sleep","Args":["1"],"Image":"sha256:1","Name":"/web",
       "State":{"Status":"exited","Running":false,"OOMKilled":true,"Pid":0,"ExitCode":137,"Error":"",
         "StartedAt":"2024-01-02T03:04:06Z","FinishedAt":"0001-01-01T00:00:00Z",
         "Health":{"Status":"unhealthy","FailingStreak":3,"Log":[{"Start":"a","End":"b","ExitCode":1,"Output":"no"}]}},
       "RestartCount":2,"ExecIDs":null,
       "HostConfig":{"Binds":null,"CgroupParent":"/mesos/r","NetworkMode":"container:ef","NanoCpus":500000000,"Memory":1048576,
         "RestartPolicy":{"Name":"on-failure","MaximumRetryCount":3},"LogConfig":{"Type":"json-file","Config":{"max-size":"50m"}},
         "PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}],"81/tcp":null},"PidsLimit":null,"ConsoleSize":[0,0]},
       "Mounts":[{"Type":"volume","Name":"v","Source":"/s","Destination":"/d","Driver":"local","Mode":"z","RW":true,"Propagation":""}],
       "Config":{"Image":"web:1","Tty":true,"Env":["A=b"],"Cmd":null,"Entrypoint":[],"Labels":{"x":"y"},"OnBuild":null,
         "ExposedPorts":{"80/tcp":{}},"Volumes":null,"StopTimeout":5,"Healthcheck":{"Test":["CMD","x"],"Interval":1000000000}},
       "NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0","HostPort":"31000"}],"90/tcp":null},
         "Networks":{"n":{"IPAMConfig":null,"Aliases":null,"NetworkID":"n1","Gateway":"10.0.0.1","IPAddress":"10.0.0.2","IPPrefixLen":24}}}}
      """)
    #expect(details.name == "/web")
    #expect(details.state.exitCode == 137)
    #expect(details.state.oomKilled)
    #expect(details.state.health?.status == "unhealthy")
    #expect(details.state.health?.log.first?.output == "no")
    #expect(details.hostConfig.cgroupParent == "/mesos/r")
    #expect(
      details.hostConfig.restartPolicy == RestartPolicy(name: "on-failure", maximumRetryCount: 3))
    #expect(
      details.hostConfig.portBindings["80/tcp"] == [PortBinding(hostIP: "", hostPort: "8080")])
    #expect(details.config.cmd == nil)
    #expect(details.config.entrypoint == [])
    #expect(details.config.exposedPorts == ["80/tcp"])
    #expect(details.config.healthcheck?.interval == 1_000_000_000)
    #expect(details.networkSettings.ports["80/tcp"]??.first?.hostPort == "31000")
    #expect(details.networkSettings.ports["90/tcp"] == .some(nil))
    #expect(details.networkSettings.networks["n"]?.ipAddress == "10.0.0.2")
    #expect(details.mounts.first?.name == "v")
    #expect(details.restartCount == 2)
  }

  @Test("an event is decoded with its actor and labels")
  func event() throws {
    let event: EngineEvent = try decode(
      """
      {"status":"die","id":"ab","from":"web:1","Type":"container","Action":"die",
       "Actor":{"ID":"ab","Attributes":{"exitCode":"3","name":"web","a.label":"x"}},
       "scope":"local","time":1700000000,"timeNano":1700000000123456789}
      """)
    #expect(
      event
        == EngineEvent(
          type: "container", action: "die", actorID: "ab",
          attributes: ["exitCode": "3", "name": "web", "a.label": "x"],
          timeNano: 1_700_000_000_123_456_789))
  }

  @Test("an engine that doesn't report its cgroup version has version 1")
  func info() throws {
    let info: EngineInfo = try decode(
      #"{"ID":"x","NCPU":2,"SecurityOptions":null,"OSType":"linux"}"#)
    #expect(info.cgroupVersion == "1")
    #expect(info.ncpu == 2)
    #expect(info.osType == "linux")
  }

  @Test("Podman is distinguished from Docker by a field that only its response has")
  func podman() throws {
    let podman: EngineInfo = try decode(
      #"{"ID":"6fa5bac3-f937","CgroupDriver":"cgroupfs","OSType":"linux","ServerVersion":"4.3.1","#
        + #""SecurityOptions":["name=seccomp,profile=default"],"Warnings":[],"BuildahVersion":"1.28.2","#
        + #""CPURealtimePeriod":true,"CPURealtimeRuntime":true,"CgroupVersion":"1","Rootless":false}"#
    )
    #expect(podman.isPodman)
    #expect(podman.serverVersion == "4.3.1")
    let docker: EngineInfo = try decode(
      #"{"ID":"x","CgroupDriver":"cgroupfs","CgroupVersion":"1","ServerVersion":"20.10.24"}"#)
    #expect(!docker.isPodman)
  }

  @Test("a nil value is not sent, and an empty command is")
  func create() throws {
    #expect(try encode(ContainerCreate(image: "a")) == #"{"Image":"a"}"#)
    var body = ContainerCreate(image: "a")
    body.cmd = []
    body.entrypoint = ["sh", "-c"]
    body.exposedPorts = ["80/tcp"]
    var host = HostConfig()
    host.utsMode = "host"
    host.`init` = true
    host.blkioDeviceReadIOps = [DeviceRate(path: "/dev/sda", rate: 3)]
    host.portBindings = ["80/tcp": [PortBinding(hostIP: nil, hostPort: "1")]]
    body.hostConfig = host
    body.networkingConfig = NetworkingConfig(endpointsConfig: [
      "n": EndpointSettings(aliases: ["web"], ipamConfig: EndpointIPAM(ipv4Address: "10.0.0.9"))
    ])
    #expect(
      try encode(body)
        == #"{"Cmd":[],"Entrypoint":["sh","-c"],"ExposedPorts":{"80/tcp":{}},"HostConfig":"#
        + #"{"BlkioDeviceReadIOps":[{"Path":"/dev/sda","Rate":3}],"Init":true,"PortBindings":"#
        + #"{"80/tcp":[{"HostPort":"1"}]},"UTSMode":"host"},"Image":"a","NetworkingConfig":"#
        + #"{"EndpointsConfig":{"n":{"Aliases":["web"],"IPAMConfig":{"IPv4Address":"10.0.0.9"}}}}}"#
    )
  }

  @Test(
    "an image's name is split for a pull",
    arguments: [
      ("redis", "redis", "latest"), ("redis:7", "redis", "7"),
      ("host:5000/a/b", "host:5000/a/b", "latest"), ("host:5000/a:1", "host:5000/a", "1"),
      ("a@sha256:12", "a", "sha256:12"), ("host:5000/a:1@sha256:12", "host:5000/a", "sha256:12"),
    ])
  func reference(text: String, name: String, tag: String) {
    #expect(ImageReference(text).name == name)
    #expect(ImageReference(text).tag == tag)
  }

  @Test(
    "the text of a failed pull determines the status",
    arguments: [
      ("manifest for a:1 not found: manifest unknown: manifest unknown", 500, 404),
      (
        "pull access denied for a, repository does not exist or may require 'docker login'", 404,
        404
      ),
      ("Get https://r/v2/: unauthorized: incorrect username or password", 500, 401),
      ("Head https://r/v2/a/manifests/1: no basic auth credentials", 500, 401),
      ("Get https://r/v2/: dial tcp: lookup r: no such host", 500, 500),
    ])
  func pull(text: String, status: Int, kind: Int) {
    #expect(pullError(EngineCall("POST", "/x"), status: status, text).kind == .status(kind))
  }

  @Test("credentials are sent in base64url, and never printed")
  func credentials() throws {
    let credentials = RegistryCredentials(
      username: "??>", password: "s3cret", serverAddress: "r:5000")
    let header = try credentials.headerValue()
    #expect(!header.contains("+") && !header.contains("/"))
    let standard = header.map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 }
    let json = try #require(Data(base64Encoded: String(standard)))
    #expect(String(decoding: json, as: UTF8.self).contains(#""password":"s3cret""#))
    #expect(!"\(credentials)".contains("s3cret"))
    var dumped = ""
    dump(credentials, to: &dumped)
    #expect(!dumped.contains("s3cret"))
  }

  @Test("an HTTP date is parsed")
  func date() {
    #expect(secondsSince1970(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
    #expect(secondsSince1970(httpDate: "") == nil)
    #expect(secondsSince1970(httpDate: "yesterday") == nil)
  }

  @Test("API versions are ordered as numbers")
  func versions() {
    #expect(APIVersion("1.9").map { $0 < APIVersion(1, 41) } == true)
    #expect(APIVersion("1.41") == APIVersion(1, 41))
    #expect(APIVersion("1") == nil)
    #expect(APIVersion("1.x") == nil)
  }
}
