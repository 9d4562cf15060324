import Compose
import OrderedCollections
import Testing
import YAML

@Suite("The format of Compose 1")
struct LegacyTests {
  static let founding = """
    baseC:
      image: founding/base
      net: bridge
      ports: ["5000:5000", "8000:3000"]
      container_name: baseC
    web:
      build: .
      net: "container:baseC"
      volumes: [".:/code"]
      links: [redis]
    redis:
      image: founding/redis
      net: "container:baseC"
    """

  @Test("the first example of Compose 1 is loaded")
  func foundingExample() throws {
    let project = try load(Self.founding)
    #expect(project.isLegacy)
    #expect(Array(project.services.keys) == ["baseC", "web", "redis"])
    let base = try #require(project.services["baseC"])
    #expect(base.networkMode?.value == .other("bridge"))
    #expect(base.ports.map(\.host.description) == ["5000", "8000"])
    #expect(base.ports.map(\.container.number) == [5000, 3000])
    #expect(base.containerName?.value == "baseC")
    let web = try #require(project.services["web"])
    #expect(web.networkMode?.value == .service("baseC"))
    #expect(web.networkMode?.position.line == 8)
    #expect(web.links.map(\.value) == [Link(target: "redis", alias: "redis")])
    #expect(web.build?.context == project.workingDirectory)
    #expect(web.mounts.map(\.source) == [.bind(path: project.workingDirectory)])
    #expect(web.mounts.first?.createHostPath == true)
    #expect(Set(web.dependencies.keys) == ["baseC", "redis"])
    #expect(project.services["redis"]?.dependencies["baseC"]?.condition == .started)
    #expect(project.networks.isEmpty)
  }

  @Test("a project is printed in the current format, which loads to the same project")
  func prints() throws {
    let project = try load(Self.founding)
    let modern = try load(project.yaml())
    #expect(!modern.isLegacy)
    #expect(Set(modern.services.keys) == Set(project.services.keys))
    #expect(modern.services["web"]?.networkMode?.value == .service("baseC"))
  }

  @Test("without `net:` a container is on the bridge")
  func bridge() throws {
    let project = try load(
      "a: {image: a}\nb: {image: b, net: host}\nc: {image: c, net: 'container:x'}")
    #expect(project.services["a"]?.networkMode?.value == .other("bridge"))
    #expect(project.services["b"]?.networkMode?.value == .host)
    #expect(project.services["c"]?.networkMode?.value == .container("x"))
  }

  @Test("old keys are converted to their current ones")
  func keys() throws {
    let project = try load(
      """
      a:
        build: ./dir
        dockerfile: Other
        log_driver: syslog
        log_opt: {tag: x}
        volumes: ["data:/data"]
        volumes_from: [b, outside]
        mem_limit: 1g
      b: {image: b}
      """)
    let service = try #require(project.services["a"])
    #expect(service.build?.dockerfile == "Other")
    #expect(service.build?.context == project.workingDirectory + "/dir")
    #expect(service.logging?.driver?.value == "syslog")
    #expect(service.logging?.options == ["tag": "x"])
    #expect(service.volumesFrom.map(\.value.source) == [.service("b"), .container("outside")])
    #expect(service.memoryLimit?.value.bytes == 1 << 30)
    #expect(project.volumes.keys == ["data"])
  }

  @Test("a service extends another, also from a file in the same format")
  func extends() throws {
    let project = try load(
      """
      a:
        extends: {file: base.yaml, service: b}
        environment: {A: 2}
      c:
        extends: {service: d}
      d: {image: d, net: none, ulimits: {nofile: 5}, volume_driver: x, volumes: ["vol:/v"]}
      """,
      others: ["base.yaml": "b:\n  image: b\n  net: host\n  environment: {A: 1, B: 1}\n"])
    #expect(project.services["a"]?.image?.value == "b")
    #expect(project.services["a"]?.networkMode?.value == .host)
    #expect(project.services["a"]?.environment == ["A": "2", "B": "1"])
    #expect(project.services["c"]?.networkMode?.value == NamespaceMode.none)
    #expect(project.volumes["vol"]?.driver == "x")
  }

  @Test(
    "a key that the format doesn't have is refused",
    arguments: [
      (
        "a:\n  image: a\n  depends_on: [b]",
        "3:3: `depends_on` is not supported in a file without `services:`"
      ),
      (
        "a:\n  image: a\n  foo: [b]",
        "3:3: a service of a file without `services:` has no key `foo`"
      ),
    ])
  func refused(_ text: String, _ expected: String) throws {
    #expect(try refusal(of: text).hasPrefix(expected))
  }

  @Test("a service with the name image doesn't make a file legacy")
  func modernImage() throws {
    #expect(try !load("services: {image: {image: a}}").isLegacy)
  }
}
