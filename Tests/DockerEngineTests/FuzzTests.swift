import FoundationEssentials
import TestSupport
import Testing

@testable import DockerEngine

@Suite("Mutated input from an engine causes no trap", .timeLimit(.minutes(60)))
struct FuzzTests {
  private static let container = """
    {"Id":"ab12","Created":"2024-01-02T03:04:05.678Z","Image":"sha256:1","Name":"/web",\
    "State":{"Status":"exited","Running":false,"OOMKilled":true,"Pid":0,"ExitCode":137,"Error":"",\
    "StartedAt":"2024-01-02T03:04:06Z","FinishedAt":"0001-01-01T00:00:00Z","Health":{"Status":\
    "unhealthy","FailingStreak":3,"Log":[{"Start":"a","End":"b","ExitCode":1,"Output":"no"}]}},\
    "RestartCount":2,"HostConfig":{"Binds":null,"CgroupParent":"/mesos/r","NetworkMode":"host",\
    "NanoCpus":500000000,"Memory":1048576,"RestartPolicy":{"Name":"on-failure",\
    "MaximumRetryCount":3},"LogConfig":{"Type":"json-file","Config":{"max-size":"50m"}},\
    "PortBindings":{"80/tcp":[{"HostIp":"","HostPort":"8080"}],"81/tcp":null},"PidsLimit":null},\
    "Mounts":[{"Type":"volume","Name":"v","Source":"/s","Destination":"/d","RW":true}],\
    "Config":{"Image":"web:1","Tty":true,"Env":["A=b"],"Cmd":null,"Labels":{"x":"y"},\
    "ExposedPorts":{"80/tcp":{}},"StopTimeout":5,"Healthcheck":{"Test":["CMD","x"],\
    "Interval":1000000000}},"NetworkSettings":{"Ports":{"80/tcp":[{"HostIp":"0.0.0.0",\
    "HostPort":"31000"}],"90/tcp":null},"Networks":{"n":{"IPAMConfig":null,"NetworkID":"n1",\
    "Gateway":"10.0.0.1","IPAddress":"10.0.0.2","IPPrefixLen":24}}}}
    """
  private static let summary = """
    {"Id":"ab12","Names":["/web"],"Image":"web:1","ImageID":"sha256:1","Created":1700000000,\
    "Ports":[{"PrivatePort":80,"PublicPort":31000,"Type":"tcp"}],"Labels":{"x":"y"},\
    "State":"running","Status":"Up 3 hours (healthy)","NetworkSettings":{"Networks":{"n":{}}},\
    "Mounts":[{"Type":"volume","Name":"v"}]}
    """
  private static let image = """
    {"Id":"sha256:1","RepoTags":["a:1"],"RepoDigests":[],"Created":"2024-01-02T03:04:05Z",\
    "Architecture":"amd64","Os":"linux","Size":12345,"Config":{"Env":["A=b"],"Entrypoint":["x"],\
    "Cmd":null,"StopSignal":"SIGTERM","Volumes":{"/d":{}},"Healthcheck":{"Test":["CMD","x"],\
    "Retries":3},"Labels":{"a":"b"}},"RootFS":{"Type":"layers","Layers":["sha256:2"]},\
    "Metadata":{"LastTagTime":"2024-01-02T03:04:05.123456789+01:00"}}
    """
  private static let network = """
    {"Name":"n","Id":"n1","Created":"2024-01-02T03:04:05Z","Scope":"local","Driver":"bridge",\
    "EnableIPv6":false,"IPAM":{"Driver":"default","Options":null,"Config":[{"Subnet":\
    "10.0.0.0/24","Gateway":"10.0.0.1"}]},"Internal":false,"Attachable":false,"Containers":\
    {"ab12":{"Name":"web","IPv4Address":"10.0.0.2/24"}},"Options":{},"Labels":{"x":"y"}}
    """
  private static let info = """
    {"ID":"x","NCPU":2,"MemTotal":1,"SecurityOptions":["name=seccomp"],"OSType":"linux",\
    "Architecture":"x86_64","CgroupDriver":"cgroupfs","CgroupVersion":"2","ServerVersion":"20.10",\
    "Name":"h","Containers":3,"DockerRootDir":"/d","LoggingDriver":"json-file"}
    """
  private static let event = """
    {"status":"die","id":"ab","from":"web:1","Type":"container","Action":"die","Actor":{"ID":"ab",\
    "Attributes":{"exitCode":"3","name":"web"}},"time":1700000000,"timeNano":1700000000123456789}
    """
  private static let progress = """
    {"status":"Downloading","progressDetail":{"current":123,"total":4567},"id":"layer"}
    {"errorDetail":{"code":401,"message":"denied"},"error":"denied"}
    """

  /// Each type that is decoded from a response.
  private static let decoders: [(String, String, @Sendable ([UInt8]) throws -> Void)] = [
    ("container", container, { try read(ContainerDetails.self, $0) }),
    ("containers", "[\(summary)]", { try read([ContainerSummary].self, $0) }),
    ("image", image, { try read(ImageDetails.self, $0) }),
    ("network", network, { try read(NetworkDetails.self, $0) }),
    ("info", info, { try read(EngineInfo.self, $0) }),
    ("event", event, { try read(EngineEvent.self, $0) }),
    ("progress", progress, { try read(PullMessage.self, $0) }),
  ]

  @Sendable private static func read<T: Decodable>(_ type: T.Type, _ bytes: [UInt8]) throws {
    _ = "\(try JSONDecoder().decode(T.self, from: Data(bytes)))".utf8.count
  }

  @Test("each kind of response is decoded or refused")
  func responses() async {
    for (name, text, decode) in Self.decoders {
      let report = await Fuzz.drive(
        "engine's \(name)", [Array(text.split(separator: "\n")[0].utf8)],
        words: ["\"\"", "[{}]", "{\"a\":null}"], isOwn: { $0 is DecodingError }
      ) { bytes, _ in
        try decode(bytes)
        return true
      }
      #expect(report.isSound, "\(report)")
    }
  }

  @Test("streams of objects are split or refused, wherever they are cut")
  func objects() async {
    let report = await Fuzz.drive(
      "streams of objects", texts: [Self.event + "\n" + Self.event, Self.progress],
      isOwn: { $0 is JSONObjectSplitter.Fault }
    ) { text in
      var splitter = JSONObjectSplitter()
      for piece in Self.pieces(Array(text.utf8)) {
        var position = 0
        while let object = try splitter.next(in: piece, at: &position) {
          _ = try? JSONDecoder().decode(EngineEvent.self, from: Data(object))
          _ = try? JSONDecoder().decode(PullMessage.self, from: Data(object))
        }
      }
      return !splitter.isInsideObject
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("multiplexed output is decoded or refused, wherever it is cut")
  func output() async {
    let frames: [UInt8] =
      [1, 0, 0, 0, 0, 0, 0, 4] + Array("one\n".utf8) + [2, 0, 0, 0, 0, 0, 0, 0]
      + [2, 0, 0, 0, 0, 0, 0, 3] + Array("two".utf8) + [1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 65]
    let report = await Fuzz.drive(
      "multiplexed output", [frames], isOwn: { $0 is Demultiplexer.Fault }
    ) { bytes, _ in
      var demultiplexer = Demultiplexer()
      for piece in Self.pieces(bytes) {
        var position = 0
        while try demultiplexer.next(in: piece, at: &position) != nil {}
      }
      return true
    }
    #expect(report.isSound, "\(report)")
  }

  private static func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
    stride(from: 0, to: bytes.count, by: 7).map { Array(bytes[$0...].prefix(7)) }
  }

  @Test("dates, versions and names of images and endpoints are parsed or refused")
  func words() async {
    let texts = [
      "Sun, 22 Nov 2026 11:12:47 GMT", "1.41", "host:5000/a/b:1@sha256:12", "tcp://[::1]:2375",
      "unix:///var/run/docker.sock", "https://h:2376/path",
    ]
    let report = await Fuzz.drive("words of an engine", texts: texts, words: ["GMT", "Jan", "://"])
    { text in
      _ = ImageReference(text)
      _ = try? EngineEndpoint.from(environment: ["DOCKER_HOST": text])
      return secondsSince1970(httpDate: text) != nil || APIVersion(text) != nil
        || LogTime(line: text.utf8) != nil
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("a date of any year is parsed or refused", arguments: ["-2147483648", "2147483647", "-1"])
  func years(_ year: String) {
    _ = secondsSince1970(httpDate: "Sun, 22 Nov \(year) 11:12:47 GMT")
    #expect(secondsSince1970(httpDate: "Sun, 22 Nov 2026 11:12:47 GMT") == 1_795_345_967)
  }
}
