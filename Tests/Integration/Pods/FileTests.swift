import Foundation
import TestSupport
import Testing

@Suite("Secrets and configs", .needsEngine, .throttled)
struct FileTests {
  private static let file = """
    services:
      reader:
        image: pod-test/busybox
        command:
          - sh
          - -c
          - for file in /run/secrets/* /run/secrets/deep/er /from-file /from-text /etc/named.conf /etc/owned.conf;
            do test -f $$file && stat -c '%a %u %g %n' $$file && cat $$file && echo; done;
            touch /run/secrets/mounted 2>&1; true
        secrets:
          - mounted
          - {source: variable, target: deep/er}
          - {source: variable, target: owned, uid: "12", gid: "3000000", mode: 0400}
        configs:
          - from-file
          - from-text
          - {source: from-text, target: /etc/named.conf}
          - {source: from-variable, target: /etc/owned.conf, uid: "5", mode: 0640}
    secrets:
      mounted: {file: ./files/secret}
      variable: {environment: SECRET_WORD}
    configs:
      from-file: {file: ./files/config}
      from-text: {content: "text with ${SECRET_WORD}"}
      from-variable: {environment: SECRET_WORD}
    """

  @Test("are in the container at the locations that Compose uses", arguments: TestEngine.all)
  func same(on engine: TestEngine) async throws {
    let files = ["files/secret": "of a file", "files/config": "so configured"]
    let settings = PodSettings(environment: ["SECRET_WORD": "word"], files: files)
    try await withPod(on: engine, Self.file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      let ours = end.output(of: "reader")
      #expect(ours.contains("400 12 3000000 /run/secrets/owned"), "\(ours)")
      #expect(ours.contains("text with word"))
      #expect(ours.last?.contains("Read-only file system") == true)
      try await Oracle5.with(
        engine, options: ["-f", "compose.yaml"], directory: pod.sandbox.path,
        command: ["up", "--no-log-prefix", "--no-color"],
        environment: ["SECRET_WORD": "word"]
      ) { oracle in
        let theirs = oracle.output.split(separator: "\n").map(String.init)
        #expect(ours.allSatisfy { $0.isEmpty || theirs.contains($0) }, "\(ours)\n\(theirs)")
      }
    }
  }

  @Test("that a pod doesn't support are refused with their line")
  func refused() async throws {
    let engine = try #require(TestEngine.all.first)
    let external = """
      services: {web: {image: pod-test/busybox, secrets: [s]}}
      secrets:
        s: {external: true}
      """
    #expect(
      try await podEnd(on: engine, external).stdout.contains {
        $0.contains("compose.yaml:3:7: the secret `s` has `external`")
          && $0.contains("secret-command")
      })
    let unset = """
      services: {web: {image: pod-test/busybox, configs: [c]}}
      configs:
        c: {environment: NOT_SET_ANYWHERE}
      """
    let end = try await podEnd(on: engine, unset)
    #expect((end.stdout + end.stderr).contains { $0.contains("which is not set") }, "\(end)")
  }
}
