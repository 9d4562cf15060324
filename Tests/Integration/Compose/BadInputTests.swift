import Foundation
import TestSupport
import Testing

/// A Compose file that can't be run, and the message to its author.
struct BadInput: Sendable, CustomTestStringConvertible {
  let title: String
  let file: String
  /// The location in the message, and a part of its text.
  let location: String
  let words: String
  var options: [String] = []
  /// 1 for a failure, 2 for wrong usage.
  var status: Int32 = 1

  var testDescription: String { title }

  static let all = [
    BadInput(
      title: "a YAML error", file: "services:\n  web: [\n", location: "compose.yaml:", words: ""),
    BadInput(
      title: "a tab as indentation", file: "services:\n\tweb:\n", location: "compose.yaml:2:",
      words: ""),
    BadInput(
      title: "an unknown key", file: "services:\n  web:\n    image: a\n    imagee: b\n",
      location: "compose.yaml:4:5", words: "imagee"),
    BadInput(
      title: "a duplicate key", file: "services:\n  web:\n    image: a\n    image: b\n",
      location: "compose.yaml:4:5", words: "image"),
    BadInput(
      title: "a wrong type", file: "services:\n  web:\n    image: [a]\n",
      location: "compose.yaml:3:", words: "image"),
    BadInput(
      title: "an undefined required variable",
      file: "services:\n  web:\n    image: ${NOWHERE_SET:?the image to run}\n",
      location: "compose.yaml:3:", words: "the image to run"),
    BadInput(
      title: "a dependency cycle",
      file: "services:\n  a:\n    image: a\n    depends_on: [b]\n"
        + "  b:\n    image: b\n    depends_on: [a]\n",
      location: "compose.yaml:", words: "a -> b -> a"),
    BadInput(
      title: "a dependency that isn't there",
      file: "services:\n  a:\n    image: a\n    depends_on: [ghost]\n",
      location: "compose.yaml:4:", words: "ghost"),
    BadInput(
      title: "the namespace of a service that isn't there",
      file: "services:\n  a:\n    image: a\n    network_mode: service:ghost\n",
      location: "compose.yaml:4:", words: "ghost"),
    BadInput(
      title: "the namespace of a container that isn't there",
      file: "services:\n  a:\n    image: founding/base\n    network_mode: container:ghost\n",
      location: "compose.yaml:4:19", words: "ghost", options: ["--grace", "50s"]),
    BadInput(
      title: "an image's name that is none",
      file: "services:\n  a:\n    image: Not/A Name\n", location: "compose.yaml:3:12",
      words: "Not/A Name"),
    BadInput(
      title: "too few offered ports",
      file: "services:\n  a:\n    image: founding/base\n    ports: [\"80:80\", \"81:81\"]\n",
      location: "compose.yaml:4:", words: "1 was offered", options: ["--ports", "31000"]),
    BadInput(
      title: "a label key of the contract",
      file: "services:\n  a:\n    image: founding/base\n    labels:\n      mesos.task_id: mine\n",
      location: "compose.yaml:5:", words: "mesos.task_id"),
    BadInput(
      title: "a path outside the project directory",
      file: "services:\n  a:\n    image: founding/base\n    volumes: [\"../../etc:/etc\"]\n",
      location: "compose.yaml:4:", words: "../../etc"),
    BadInput(
      title: "an env_file that isn't there",
      file: "services:\n  a:\n    image: founding/base\n    env_file: absent.env\n",
      location: "compose.yaml:4:", words: "absent.env"),
    BadInput(
      title: "neither image nor build", file: "services:\n  a:\n    command: [ls]\n",
      location: "compose.yaml:", words: "neither"),
    BadInput(
      title: "logging none",
      file: "services:\n  a:\n    image: founding/base\n    logging:\n      driver: none\n",
      location: "compose.yaml:5:", words: "none"),
    BadInput(
      title: "volumes from a container that waits for the service",
      file: "services:\n  a:\n    image: founding/base\n    volumes_from: ['container:bb']\n"
        + "  b:\n    image: founding/base\n    container_name: bb\n    depends_on: [a]\n",
      location: "compose.yaml:4:20", words: "waits for 'a'"),
    BadInput(
      title: "the network of a container that waits for the service",
      file: "services:\n  a:\n    image: founding/base\n    network_mode: container:bb\n"
        + "  b:\n    image: founding/base\n    container_name: bb\n    depends_on: [a]\n",
      location: "compose.yaml:4:19", words: "waits for 'a'"),
    BadInput(
      title: "a negative number of processors",
      file: "services:\n  a:\n    image: founding/base\n    cpus: -1\n",
      location: "compose.yaml:4:11", words: "`cpus` can't be -1"),
    BadInput(
      title: "a negative limit of processors",
      file: "services:\n  a:\n    image: founding/base\n"
        + "    deploy: {resources: {limits: {cpus: '-1'}}}\n",
      location: "compose.yaml:4:41", words: "`cpus` can't be -1"),
    BadInput(
      title: "more processors than there are numbers",
      file: "services:\n  a:\n    image: founding/base\n    cpus: 1e30\n",
      location: "compose.yaml:4:11", words: "`cpus` can't be"),
    BadInput(
      title: "networks of one name and different settings",
      file: "services:\n  a:\n    image: founding/base\n    networks: [n, m]\nnetworks:\n"
        + "  n: {name: same}\n  m: {name: same, internal: true}\n",
      location: "compose.yaml:", words: "other settings"),
    BadInput(
      title: "no services", file: "services: {}\n", location: "compose.yaml:1:1",
      words: "no service"),
    BadInput(
      title: "a missing file", file: "", location: "", words: "absent.yaml",
      options: ["-f", "absent.yaml"]),
    BadInput(
      title: "a file outside the project directory", file: "", location: "",
      words: "../absent.yaml",
      options: ["-f", "../absent.yaml"]),
    BadInput(
      title: "a directory as a file", file: "", location: "", words: "directory",
      options: ["-f", "directory"]),
    BadInput(
      title: "a duration that is none", file: "services:\n  a:\n    image: founding/base\n",
      location: "", words: "grace takes a duration", options: ["--grace", "soon"], status: 2),
    BadInput(
      title: "ports that are none", file: "services:\n  a:\n    image: founding/base\n",
      location: "", words: "--ports", options: ["--ports", "many"], status: 2),
    BadInput(
      title: "an unknown option", file: "services:\n  a:\n    image: founding/base\n",
      location: "", words: "--color", options: ["--color"], status: 2),
  ]
}

@Suite("Invalid input", .needsEngine, .throttled)
struct BadInputTests {
  @Test("causes one clear line, an exit code, and no Docker object", arguments: BadInput.all)
  func refused(input: BadInput) async throws {
    let engine = try #require(TestEngine.all.first)
    let settings = PodSettings(options: input.options, files: ["directory/readme": ""])
    let end = try await podEnd(on: engine, input.file, settings, within: .seconds(300))
    // A wrong option is wrong usage, a wrong file is a failure.
    #expect(end.status == .exited(input.status), "\(end)")
    // If the file defines no task, the message is the only output; otherwise it is the last state's
    // message.
    let complaint: String
    if end.states.isEmpty {
      let line = try #require(end.stderr.first)
      #expect(end.stderr.count == 1 && end.stdout.isEmpty, "\(end)")
      #expect(line.hasPrefix("compose-executor: "), "\(end)")
      complaint = String(line.dropFirst("compose-executor: ".count))
    } else {
      #expect(end.states == ["TASK_STARTING", "TASK_FAILED"], "\(end)")
      complaint = end.message
    }
    #expect(complaint.hasPrefix(input.location), "\(complaint)")
    #expect(input.words.isEmpty || complaint.contains(input.words), "\(complaint)")
    if !input.location.isEmpty {
      #expect(complaint.prefixMatch(of: /compose\.yaml:\d+:\d+: ./) != nil, "\(complaint)")
    }
  }

  @Test("without a file in the directory causes a message with the names of Compose files")
  func noFile() async throws {
    try await withTemporaryDirectory { sandbox in
      let result = try await Command(
        BuiltProgram.composeExecutor, ["run"], directory: sandbox.path
      ).run(within: .seconds(300))
      #expect(result.status == .exited(1))
      #expect(result.stderr.contains("compose.yaml"))
      #expect(result.stderr.split(separator: "\n").count == 1)
    }
  }

  @Test("such as an engine that is too old, or isn't an engine, is refused")
  func oldEngine() async throws {
    for (response, words) in [
      ("HTTP/1.1 200 OK\r\nApi-Version: 1.12\r\nContent-Length: 2\r\n\r\nOK", "1.12"),
      ("SSH-2.0-OpenSSH_9.2\r\n", "127.0.0.1"),
    ] {
      let server = try FakeHTTPServer(on: .loopback()) { _ in .textThenClose(response) }
      defer { server.stop() }
      try await withTemporaryDirectory { sandbox in
        try sandbox.write("compose.yaml", "services:\n  web:\n    image: founding/base\n")
        let result = try await Command(
          BuiltProgram.composeExecutor, ["run"],
          environment: ["DOCKER_HOST": "tcp://127.0.0.1:\(server.port)"], directory: sandbox.path
        ).run(within: .seconds(300))
        let end = PodEnd(result)
        #expect(end.status == .exited(1))
        #expect(end.states == ["TASK_STARTING", "TASK_FAILED"], "\(end)")
        #expect(end.message.contains(words), "\(end)")
      }
    }
  }
}
