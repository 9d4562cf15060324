import TestSupport
import Testing

@Suite("A task whose ID begins like containers of another program", .needsEngine, .throttled)
struct ForeignNameTests {
  @Test(
    "has objects with distinct names",
    arguments: TestEngine.all, ["mesos-3f1c0d2e-1111-4222-8333-444455556666", "k8s_web"])
  func names(on engine: TestEngine, task: String) async throws {
    let file = """
      services:
        web: {image: founding/base, volumes: ["data:/data"]}
      volumes: {data: {}}
      """
    try await withPod(on: engine, file, PodSettings(task: task)) { pod in
      try await pod.running()
      let web = try #require(try await pod.containers()["web"])
      #expect(web.Name == "/task-\(task)_web")
      let label = try await engine.docker(
        "inspect", "--format", "{{index .Config.Labels \"mesos.task_id\"}}", web.Id
      ).output()
      #expect(label == task)
      for object in try await pod.networks() + pod.volumes() {
        #expect(object.Name.hasPrefix("task-"), "\(object.Name)")
      }
    }
  }
}
