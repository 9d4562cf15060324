import Compose
import OrderedCollections
import Testing
import YAML

@Suite("The typed project")
struct ModelTests {
  @Test("container: with the container_name of a service refers to that service")
  func containerName() throws {
    let project = try load(
      """
      services:
        web: {image: a, network_mode: "container:based", pid: "container:other"}
        base: {image: a, container_name: based}
      """)
    #expect(project.services["web"]?.networkMode?.value == .service("base"))
    #expect(project.services["web"]?.pid?.value == .container("other"))
    #expect(project.services["web"]?.dependencies["base"]?.condition == .started)
    #expect(project.yaml().contains("network_mode: container:based"))
  }

  @Test("volumes_from resolves container: with a service's container_name, and starts after it")
  func volumesFromContainerName() throws {
    let project = try load(
      """
      services:
        web: {image: a, volumes_from: ["container:based:ro", "container:other"]}
        base: {image: a, container_name: based}
      """)
    let web = try #require(project.services["web"])
    #expect(web.volumesFrom.map(\.value.source) == [.service("base"), .container("other")])
    #expect(web.volumesFrom.map(\.value.readOnly) == [true, false])
    #expect(web.dependencies["base"]?.condition == .started)
    #expect(project.yaml().contains("container:based:ro"))
    let own = try load(
      "services: {a: {image: a, container_name: own, volumes_from: ['container:own']}}")
    #expect(own.faults.first?.message.contains("from itself") == true)
  }

  /// Docker Compose prints some of these as blocks that it can't read again.
  @Test("strings of several lines are read from the printed file as they were")
  func blocks() throws {
    let lines = [
      "", " ", "\t", "a", "  a", "\ta", "a ", "a\t", "a\u{2028}b", "\u{2029}", "#a", "- a",
    ]
    for first in lines {
      for second in lines {
        for end in ["", "\n", "\n\n", "\n  b"] {
          let text = first + "\n" + second + end
          let quoted =
            "\""
            + text.unicodeScalars.map {
              "\\U" + String(UInt64($0.value) + 0x1_0000_0000, radix: 16).dropFirst()
            }
            .joined() + "\""
          let project = try load("services: {a: {image: a, environment: {A: \(quoted)}}}")
          let value = try #require(project.services["a"]?.environment["A"])
          #expect(value == text)
          let again = try load(project.yaml())
          #expect(again.services["a"]?.environment["A"] == value, "\(quoted)")
          #expect(again.yaml() == project.yaml(), "\(quoted)")
        }
      }
    }
  }

  @Test("a range of ports is expanded in order")
  func ports() throws {
    let project = try load(
      "services: {a: {image: a, ports: ['9000-9003:98-101', '7000', '127.0.0.1::80/udp']}}")
    let ports = try #require(project.services["a"]?.ports)
    #expect(ports.map(\.container.number) == [98, 99, 100, 101, 7000, 80])
    #expect(ports.map(\.host.description) == ["9000", "9001", "9002", "9003", "", ""])
    #expect(ports.last?.hostIP == "127.0.0.1")
    #expect(ports.last?.container.transport == .udp)
    #expect(ports.last?.position.column == 62)
  }

  @Test("a range of ports is printed in text order, like Docker Compose, and used in numeric order")
  func portOrder() throws {
    let project = try load(
      """
      services:
        a:
          image: a
          ports: ["9-11:9-11", "9:9", {target: 10, published: "10", mode: host}, "7-8:80"]
      """)
    let ports = try #require(project.services["a"]?.ports)
    #expect(ports.map(\.container.number) == [9, 10, 11, 80])
    #expect(ports.map(\.host) == [.fixed(9), .fixed(10), .fixed(11), .range(7...8)])
    let printed = project.yaml().matches(of: /target: (\d+)/).map { String($0.1) }
    #expect(printed == ["10", "11", "9", "80"])
  }

  @Test(
    "a host port is a number, a range, or the engine's choice",
    arguments: [
      ("0", .engineChooses), ("80", .fixed(80)), ("65535", .fixed(65535)),
      ("80-80", .range(80...80)), ("80-90", .range(80...90)), ("", nil), ("65536", nil),
      ("90-80", nil), ("-80", nil), ("80-", nil), ("+80", nil), ("8 0", nil), ("1-2-3", nil),
    ] as [(String, HostPort?)])
  func hostPort(text: String, port: HostPort?) {
    #expect(HostPort(text) == port)
  }

  @Test("mounts of every kind are decoded")
  func mounts() throws {
    let project = try load(
      """
      services:
        a:
          image: a
          tmpfs: ["/run:size=1m"]
          volumes:
            - ./x:/x:ro,z
            - v:/v:nocopy,cached
            - /anon
            - {type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0o1777}}
            - {type: bind, source: /y, target: /y}
      volumes: {vol: }
      """.replacing("v:/v", with: "vol:/v"))
    let mounts = try #require(project.services["a"]?.mounts)
    #expect(
      mounts.map(\.source) == [
        .bind(path: project.workingDirectory + "/x"), .volume(key: "vol"), .anonymous,
        .tmpfs(size: ByteSize(bytes: 1 << 20), mode: 0o1777), .bind(path: "/y"),
        .shortTmpfs(options: "size=1m"),
      ])
    #expect(mounts[0].readOnly && mounts[0].selinux == "z" && mounts[0].createHostPath)
    #expect(mounts[1].noCopy && mounts[1].otherModes == ["cached"])
    #expect(mounts[4].createHostPath)
    #expect(mounts[5].target == "/run")
  }

  @Test("labels keep their positions")
  func labels() throws {
    let project = try load("services:\n  a:\n    image: a\n    labels:\n      taskId: x\n")
    #expect(project.services["a"]?.labels["taskId"]?.position.line == 5)
    #expect(project.services["a"]?.labels["taskId"]?.position.column == 7)
  }

  @Test("commands, environment, limits and other keys are decoded")
  func service() throws {
    let project = try load(
      """
      services:
        a:
          image: a
          command: sh -c 'a b'
          entrypoint: []
          environment: {A: 1, B: , C: x}
          healthcheck: {test: "true", interval: 1m30s, retries: 3}
          restart: on-failure:4
          stop_grace_period: 90s
          mem_limit: 64m
          memswap_limit: -1
          cpus: 0.3
          pull_policy: if_not_present
          devices: ["/dev/null"]
          extra_hosts: ["h:1.2.3.4", "i=[::1]"]
          expose: ["80-81", "53/udp"]
      """, environment: ["C": "unused"])
    let service = try #require(project.services["a"])
    #expect(service.command == ["sh", "-c", "a b"])
    #expect(service.entrypoint == [])
    #expect(service.environment == ["A": "1", "B": nil, "C": "x"])
    #expect(service.healthcheck?.test == ["CMD-SHELL", "true"])
    #expect(service.healthcheck?.interval == .seconds(90))
    #expect(service.healthcheck?.retries == 3)
    #expect(service.restart == .onFailure(maximumRetries: 4))
    #expect(service.stopGracePeriod == .seconds(90))
    #expect(service.memoryLimit?.value.bytes == 64 << 20)
    #expect(service.memorySwapLimit?.bytes == -1)
    #expect(service.cpus?.value == 0.3)
    #expect(service.pullPolicy?.value == .missing)
    #expect(service.devices.map(\.value) == ["/dev/null:/dev/null:rwm"])
    #expect(service.extraHosts.map(\.address) == ["1.2.3.4", "::1"])
    #expect(service.expose == [ContainerPort(80), ContainerPort(81), ContainerPort(53, .udp)])
    #expect(service.networks.keys == ["default"])
    #expect(project.networks["default"]?.position == nil)
  }

  @Test("files are found if none is given, with their override")
  func discovery() throws {
    let directory = try Directory([
      "compose.yml": "services: {a: {image: one}}",
      "compose.override.yml": "services: {a: {image: two}}",
      "docker-compose.yaml": "services: {b: {image: three}}",
    ])
    let project = try ComposeLoader.load(LoadOptions(projectDirectory: directory.path))
    #expect(
      project.files == [directory.file("compose.yml"), directory.file("compose.override.yml")])
    #expect(project.services["a"]?.image?.value == "two")
    #expect(project.workingDirectory == directory.path)
    #expect(!project.isNameExplicit)
  }

  @Test("`version` causes a warning")
  func version() throws {
    let project = try load("version: '3'\nservices: {a: {image: a}}")
    #expect(project.warnings.map(\.value) == ["`version` is obsolete and has no effect; remove it"])
  }
}
