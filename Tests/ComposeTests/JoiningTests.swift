import Compose
import Foundation
import OrderedCollections
import Testing

@Suite("Files, profiles and variables from outside")
struct JoiningTests {
  @Test("COMPOSE_FILE, COMPOSE_PROFILES and COMPOSE_ENV_FILES stand for the options")
  func variables() throws {
    let folder = try Folder([
      "a.yaml": "services: {a: {image: 'a${X}'}, b: {image: b, profiles: [more]}}",
      "b.yaml": "services: {a: {hostname: h}}", "x.env": "X=1\n",
    ])
    let project = try ComposeLoader.load(
      LoadOptions(
        projectName: "p",
        fallbackEnvironment: [
          "COMPOSE_FILE": "\(folder.file("a.yaml")),,\(folder.file("b.yaml"))",
          "COMPOSE_PATH_SEPARATOR": ",,", "COMPOSE_PROFILES": "other, more",
          "COMPOSE_ENV_FILES": folder.file("x.env"),
        ]))
    #expect(project.services["a"]?.image?.value == "a1")
    #expect(project.services["a"]?.hostname?.value == "h")
    #expect(project.services.keys == ["a", "b"])
  }

  @Test("COMPOSE_DISABLE_ENV_FILE leaves .env unread")
  func disabled() throws {
    let folder = try Folder([".env": "X=1\n", "compose.yaml": "services: {a: {image: 'a$X'}}"])
    for (word, image) in [("1", "a"), ("false", "a1")] {
      let project = try ComposeLoader.load(
        LoadOptions(
          files: [folder.file("compose.yaml")], projectName: "p",
          fallbackEnvironment: ["COMPOSE_DISABLE_ENV_FILE": word]))
      #expect(project.services["a"]?.image?.value == image)
    }
  }

  @Test(
    "what is included, extended or read stays in the project's folder where asked to",
    arguments: [
      "include: [../x.yaml]\nservices: {a: {image: a}}",
      "services: {a: {extends: {file: ../x.yaml, service: a}}}",
      "services: {a: {image: a, label_file: ../x}}",
      "services: {a: {image: a, configs: [c]}}\nconfigs: {c: {file: ../x}}",
      "services: {a: {build: {context: ., additional_contexts: {b: ..}}}}",
      "include: [{path: sub/x.yaml, env_file: ../x}]\nservices: {a: {image: a}}",
    ])
  func confined(_ text: String) throws {
    #expect(try refusal(of: text, confine: true).contains("leaves the project's folder"))
  }

  @Test("what means nothing to a pod is named once, with its place")
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

  @Test("what config prints but no container can be made of is kept for the pod")
  func faults() throws {
    let project = try load("services: {a: {image: a, restart: sometimes}}")
    #expect(project.faults.first?.message.hasPrefix("`restart` must be") == true)
    #expect(try project.json().contains("\"restart\": \"sometimes\""))
  }

  @Test("services that include and extend each other without end are refused")
  func circles() throws {
    #expect(
      try refusal(of: "services:\n  a: {extends: b}\n  b: {extends: a}")
        .contains("extend each other in a circle"))
    #expect(
      try refusal(
        of: "include: [o.yaml]\nservices: {a: {image: a}}",
        others: ["o.yaml": "include: [compose.yaml]\nservices: {b: {image: b}}"]
      ).contains("includes itself"))
  }
}
