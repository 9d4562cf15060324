import Foundation
import TestSupport
import Testing

@Suite("Builds that use images of other services", .needsEngine, .throttled)
struct BuildOrderTests {
  private static let file = """
    services:
      web:
        build:
          context: web
          additional_contexts:
            files: "service:middle"
      middle:
        build: {context: middle, additional_contexts: {ground: "service:Base"}}
        scale: 0
      Base: {build: base, command: ["true"]}
    """

  /// Each Dockerfile names a build context in place of an image.
  private static let recipes = [
    "web/Dockerfile":
      "FROM pod-test/busybox\nCOPY --from=files /made /made\nCMD cat /made\n",
    "middle/Dockerfile": "FROM ground\nRUN echo and middle >>/made\n",
    "base/Dockerfile": "FROM pod-test/busybox\nRUN echo base >/made\n",
  ]

  /// The `docker` command of the test machine has no buildx, and only buildx has `--build-context`.
  /// During a build, this replacement tags the passed image with the name of the context; it leaves
  /// the rest to `docker`.
  private static let buildx = """
    #!/bin/bash -e
    words=() names=()
    while [ $# -gt 0 ]; do
      if [ "$1" = --build-context ]; then
        [[ $2 = *=docker-image://* ]] || { echo "$2 is no image" >&2; exit 1; }
        names+=("${2%%=*}")
        "$DOCKER" tag "${2#*=docker-image://}" "${2%%=*}"
        shift
      else
        words+=("$1")
      fi
      shift
    done
    code=0
    "$DOCKER" "${words[@]}" || code=$?
    for name in "${names[@]}"; do "$DOCKER" rmi "$name" >&2; done
    exit $code
    """

  @Test("run after the builds that they use, and their temporary image names are removed")
  func order() async throws {
    let engine = try #require(TestEngine.all.first)
    let settings = PodSettings(
      // Copied by the shell, because what this process writes can be busy during a fork (ETXTBSY).
      files: Self.recipes.merging(["bin/docker.sh": Self.buildx]) { $1 },
      shell: """
        install bin/docker.sh bin/docker
        DOCKER=$(command -v docker) PATH=$PWD/bin:$PATH exec "$@"
        """)
    try await withPod(on: engine, Self.file, settings) { pod in
      let end = try await pod.ended()
      #expect(end.status == .exited(0), "\(end)")
      #expect(end.output(of: "web") == ["base", "and middle"])
      let names = try await engine.docker(
        "images", "--format", "{{.Repository}}", "--filter", "reference=\(pod.task)*"
      ).output()
      #expect(names.isEmpty, "\(names)")
    }
  }

  @Test("run before a service that names their image", arguments: TestEngine.all, ["", ":1"])
  func shared(on engine: TestEngine, tag: String) async throws {
    let image = "it/shared-\(UUID().uuidString.prefix(8).lowercased())\(tag)"
    let file = """
      services:
        before: {image: "\(image)", command: [cat, /made]}
        builder: {build: base, image: "\(image)", command: ["true"]}
        after: {image: "\(tag.isEmpty ? image + ":latest" : image)", pull_policy: always, command: [cat, /made]}
        hook:
          image: pod-test/busybox
          command: ["true"]
          pre_start: [{image: "\(image)", command: [cat, /made]}]
      """
    let end = try await podEnd(on: engine, file, PodSettings(files: Self.recipes))
    #expect(end.status == .exited(0), "\(end)")
    for service in ["before", "after", "hook pre_start ->"] {
      #expect(end.output(of: service) == ["base"], "\(service): \(end)")
    }
    #expect(!end.stderr.contains { $0.contains("pulling") }, "\(end)")
    try await engine.docker("rmi", image).output()
  }

  @Test("are refused with their line if docker has no buildx or if they have no order")
  func refused() async throws {
    let engine = try #require(TestEngine.all.first)
    let end = try await podEnd(on: engine, Self.file, PodSettings(files: Self.recipes))
    #expect(end.status == .exited(1))
    #expect(
      end.message
        == "compose.yaml:8:60: service 'middle' can't be built: `docker build` has no --build-context on this host: "
        + "install its buildx plugin", "\(end)")
    let round = Self.file.replacing(
      "build: base", with: #"build: {context: base, additional_contexts: {top: "service:web"}}"#)
    let cycle = try await podEnd(on: engine, round, PodSettings(files: Self.recipes))
    #expect(cycle.message.contains("which builds on this one in turn"), "\(cycle)")
    let hidden = Self.file.replacing(
      "Base: {build: base,", with: "Base: {build: base, profiles: [no],")
    let missing = try await podEnd(on: engine, hidden, PodSettings(files: Self.recipes))
    #expect(missing.message.hasPrefix("compose.yaml:8:60: "), "\(missing)")
    #expect(missing.message.contains("whose profile isn't enabled"))
  }
}
