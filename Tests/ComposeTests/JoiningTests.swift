import Compose
import Foundation
import OrderedCollections
import Testing
import YAML

@Suite("Files, profiles and variables from outside")
struct JoiningTests {
  @Test("COMPOSE_FILE, COMPOSE_PROFILES and COMPOSE_ENV_FILES replace options")
  func variables() throws {
    let directory = try Directory([
      "a.yaml": "services: {a: {image: 'a${X}'}, b: {image: b, profiles: [more]}}",
      "b.yaml": "services: {a: {hostname: h}}", "x.env": "X=1\n",
    ])
    let project = try ComposeLoader.load(
      LoadOptions(
        projectName: "p",
        fallbackEnvironment: [
          "COMPOSE_FILE": "\(directory.file("a.yaml")),,\(directory.file("b.yaml"))",
          "COMPOSE_PATH_SEPARATOR": ",,", "COMPOSE_PROFILES": "other, more",
          "COMPOSE_ENV_FILES": directory.file("x.env"),
        ]))
    #expect(project.services["a"]?.image?.value == "a1")
    #expect(project.services["a"]?.hostname?.value == "h")
    #expect(project.services.keys == ["a", "b"])
  }

  @Test("COMPOSE_DISABLE_ENV_FILE disables .env")
  func disabled() throws {
    let directory = try Directory([
      ".env": "X=1\n", "compose.yaml": "services: {a: {image: 'a$X'}}",
    ])
    for (word, image) in [("1", "a"), ("false", "a1")] {
      let project = try ComposeLoader.load(
        LoadOptions(
          files: [directory.file("compose.yaml")], projectName: "p",
          fallbackEnvironment: ["COMPOSE_DISABLE_ENV_FILE": word]))
      #expect(project.services["a"]?.image?.value == image)
    }
  }

  @Test(
    "with confinement, every file stays in the project's directory",
    arguments: [
      "include: [../x.yaml]\nservices: {a: {image: a}}",
      "services: {a: {extends: {file: ../x.yaml, service: a}}}",
      "services: {a: {image: a, label_file: ../x}}",
      "services: {a: {image: a, configs: [c]}}\nconfigs: {c: {file: ../x}}",
      "services: {a: {build: {context: ., additional_contexts: {b: ..}}}}",
      "include: [{path: sub/x.yaml, env_file: ../x}]\nservices: {a: {image: a}}",
    ])
  func confined(_ text: String) throws {
    #expect(try refusal(of: text, confine: true).contains("leaves the root directory"))
  }

  @Test("a key that a pod doesn't support is reported once, with its position")
  func unhonoured() throws {
    let project = try load(
      """
      services:
        a: {image: a, cpu_count: 2, deploy: {}}
        b: {image: b, cpu_count: 2, deploy: {mode: global, replicas: 1}}
      """)
    #expect(project.unhonoured.map(\.value) == ["cpu_count", "deploy.mode"])
    #expect(project.unhonoured.first?.position.line == 2)
  }

  @Test("a value that only config supports is an error for the pod")
  func faults() throws {
    let project = try load("services: {a: {image: a, restart: sometimes}}")
    #expect(project.faults.first?.message.hasPrefix("`restart` must be") == true)
    #expect(try project.json().contains("\"restart\": \"sometimes\""))
  }

  @Test(
    "a health check without a command, which crashes engines, is an error only for the pod",
    arguments: ["[CMD]", "[CMD-SHELL]"])
  func healthcheck(test: String) throws {
    let file = "services:\n  a:\n    image: a\n    healthcheck: {test: \(test), interval: 1s}"
    let fault = try #require(try load(file).faults.first)
    #expect(fault.message.contains("has no command"))
    #expect(fault.position?.line == 4 && fault.position?.column == 25)
    let disabled = file.replacing("interval: 1s", with: "disable: true")
    #expect(try load(disabled).faults.isEmpty)
    #expect(try load(file.replacing(test, with: "[NONE]")).faults.isEmpty)
    #expect(try load(file.replacing(test, with: "[CMD, a]")).faults.isEmpty)
    #expect(try load(file.replacing(test, with: "[]")).faults.isEmpty)
  }

  @Test(
    "an option of another mount type is an error only for the pod",
    arguments: [
      ("{type: tmpfs, source: s, target: /t}", "source"),
      ("{type: tmpfs, target: /t, volume: {nocopy: true}}", "volume"),
      ("{type: bind, source: ./d, target: /t, volume: {nocopy: true}}", "volume"),
      ("{type: bind, source: ./d, target: /t, tmpfs: {size: 1}}", "tmpfs"),
      ("{type: volume, target: /t, tmpfs: {size: 1}}", "tmpfs"),
    ])
  func foreignPart(mount: String, key: String) throws {
    let file = "services:\n  a:\n    image: a\n    volumes: [\(mount)]"
    let fault = try #require(try load(file).faults.first)
    #expect(fault.message.hasSuffix("can't have `\(key)`"))
    let column = try #require(mount.firstRange(of: key + ":")?.lowerBound)
    #expect(fault.position?.column == 15 + mount.distance(from: mount.startIndex, to: column))
  }

  @Test("services and files that extend or include each other in a cycle are refused")
  func circles() throws {
    #expect(
      try refusal(of: "services:\n  a: {extends: b}\n  b: {extends: a}")
        .contains("extend each other in a cycle"))
    #expect(
      try refusal(
        of: "include: [o.yaml]\nservices: {a: {image: a}}",
        others: ["o.yaml": "include: [compose.yaml]\nservices: {b: {image: b}}"]
      ).contains("includes itself"))
  }
}
