import DockerEngine
import Glibc
import Testing

@Suite("An engine's endpoint")
struct EngineEndpointTests {
  @Test(
    "is derived from the environment as the docker command does it",
    arguments: [
      ([:], "unix:///var/run/docker.sock"),
      (["DOCKER_HOST": ""], "unix:///var/run/docker.sock"),
      (["DOCKER_HOST": "unix:///run/user/1/docker.sock"], "unix:///run/user/1/docker.sock"),
      (["DOCKER_HOST": "tcp://10.0.0.1:4243"], "http://10.0.0.1:4243"),
      (["DOCKER_HOST": "tcp://engine"], "http://engine:2375"),
      (["DOCKER_HOST": "http://engine:80/"], "http://engine:80"),
      (["DOCKER_HOST": "tcp://[::1]:2375"], "http://[::1]:2375"),
      (["DOCKER_HOST": "tcp://[fe80::1]"], "http://[fe80::1]:2375"),
      (["DOCKER_HOST": "https://engine"], "https://engine:2376"),
      (["DOCKER_HOST": "unix:///x", "DOCKER_TLS_VERIFY": "1"], "unix:///x"),
    ])
  func parsed(environment: [String: String], endpoint: String) throws {
    let parsed = try EngineEndpoint.from(environment: environment)
    #expect("\(parsed)" == endpoint)
    #expect(parsed.isLocal == endpoint.hasPrefix("unix:"))
  }

  @Test(
    "that is invalid is refused in one line that names the variable",
    arguments: [
      (["DOCKER_HOST": "/run/docker.sock"], "expected unix:///path or tcp://host:port"),
      (["DOCKER_HOST": "ssh://me@host"], "ssh:// is not supported"),
      (["DOCKER_HOST": "unix://run/docker.sock"], "absolute"),
      (["DOCKER_HOST": "unix:///" + String(repeating: "x", count: 107)], "107 bytes"),
      (["DOCKER_HOST": "tcp://host:0"], "1 to 65535"),
      (["DOCKER_HOST": "tcp://host:http"], "1 to 65535"),
      (["DOCKER_HOST": "tcp://host:1/path"], "1 to 65535"),
      (["DOCKER_HOST": "tcp://host/path"], "without a path"),
      (["DOCKER_HOST": "tcp://"], "expected host:port"),
      (["DOCKER_HOST": "tcp://a b"], "expected host:port"),
      (["DOCKER_HOST": "http://h", "DOCKER_TLS_VERIFY": "1"], "use tcp:// or https://"),
      (["DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1"], "neither DOCKER_CERT_PATH nor HOME"),
      (
        ["DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"],
        "cannot read /nowhere/ca.pem: No such file or directory"
      ),
      (
        ["DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1", "HOME": "/nowhere"],
        "cannot read /nowhere/.docker/ca.pem"
      ),
    ])
  func refused(environment: [String: String], reason: String) throws {
    let error = try #require(throws: EngineError.self) {
      try EngineEndpoint.from(environment: environment)
    }
    #expect(error.kind == .configuration)
    #expect(error.message.contains(reason), "\(error)")
    #expect(error.message.hasPrefix("DOCKER_"))
  }

  @Test("with DOCKER_TLS_VERIFY uses the three files of DOCKER_CERT_PATH")
  func tls() throws {
    let directory = "/tmp/certificates-\(getpid())"
    mkdir(directory, 0o700)
    defer { rmdir(directory) }
    let files = ["ca.pem", "cert.pem", "key.pem"].map { directory + "/" + $0 }
    for file in files { close(creat(file, 0o600)) }
    defer { for file in files { unlink(file) } }
    let endpoint = try EngineEndpoint.from(environment: [
      "DOCKER_HOST": "tcp://engine", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": directory,
    ])
    #expect("\(endpoint)" == "https://engine:2376")
    #expect(!endpoint.isLocal)
  }
}
