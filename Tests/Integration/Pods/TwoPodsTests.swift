import Foundation
import TestSupport
import Testing

@Suite("Two pods of one file", .needsEngine, .throttled)
struct TwoPodsTests {
  @Test("run side by side on different ports", arguments: TestEngine.all)
  func sideBySide(on engine: TestEngine) async throws {
    let file = """
      services:
        web:
          image: pod-test/busybox
          command: >
            sh -c 'echo "$$WHO" > /tmp/index.html; trap "exit 0" TERM;
            httpd -f -p 80 -h /tmp & wait'
          environment:
            WHO: "page of ${PORT0}"
          ports: ["8080:80"]
        client:
          image: founding/base
          container_name: client
          volumes: [kept:/kept]
      volumes:
        kept:
          name: fixed-name
      """
    let ports = try FreePorts.take(2)
    try await withPod(on: engine, file, PodSettings(ports: [ports[0]])) { first in
      try await withPod(on: engine, file, PodSettings(ports: [ports[1]])) { second in
        let said = try await first.running()
        #expect(said == "every service is up; web:80/tcp on host port \(ports[0])")
        try await second.running()
        #expect(try await page(at: ports[0]) == "page of \(ports[0])\n")
        #expect(try await page(at: ports[1]) == "page of \(ports[1])\n")
        #expect(try await first.volumes().map(\.Name) != second.volumes().map(\.Name))
      }
      #expect(try await page(at: ports[0]) == "page of \(ports[0])\n")
      #expect(try await first.services() == ["client", "web"])
    }
  }

  @Test(
    "run twice from the founding example, and each web finds redis by name",
    arguments: TestEngine.all)
  func founding(on engine: TestEngine) async throws {
    let root = SourceTree.path("deploy/samples/founding")
    let ports = try FreePorts.take(4)
    func settings(_ ports: ArraySlice<Int>) -> PodSettings {
      PodSettings(
        ports: Array(ports), options: ["-f", "docker-compose.yml"],
        shell: "cp -R \(root)/. .; exec \"$@\"")
    }
    try await withPod(on: engine, "unused: true\n", settings(ports[..<2])) { first in
      try await withPod(on: engine, "unused: true\n", settings(ports[2...])) { second in
        try await first.running()
        try await second.running()
        for visit in 1...2 {
          let seen = try await counter(at: ports[visit - 1])
          #expect(seen == visit)
        }
        #expect(try await counter(at: ports[2]) == 1)
        let containers = try await first.containers()
        #expect(
          Set(containers.values.map(\.Name))
            == ["baseC", "web", "redis"].reduce(into: []) { $0.insert("/\(first.task)_\($1)") })
        #expect(try await first.networks().isEmpty)
      }
      #expect(try await counter(at: ports[0]) == 3)
    }
  }

  /// The number of visits that the page prints; nil for the status 503 while redis starts.
  private func counter(at port: Int) async throws -> Int? {
    let text = try await page(at: port, path: "/cgi-bin/index.cgi")
    return text.firstMatch(of: /was seen (\d+) times/).flatMap { Int($0.1) }
  }
}
