import TestSupport
import Testing

@testable import PodIdentity

@Suite("Mutated facts of a host and of labels trap nothing", .timeLimit(.minutes(60)))
struct FuzzTests {
  @Test("a process's stat is parsed or refused")
  func stat() async {
    let texts = [
      "4711 (a) b) S 1 4711 4711 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 7 0 98765 1 2 3",
      "1 (\u{301}) Z 0 1 1 0 -1 4194560 1 0 0 0 1 2 0 0 20 0 7 0 18446744073709551615 1",
    ]
    let report = await Fuzz.drive("/proc/PID/stat", texts: texts, words: [")", "( ", " S "]) {
      text in
      guard let found = Incarnation.parse(stat: text) else { return false }
      return found.pid >= 0 || found.startTime > 0
    }
    #expect(report.isSound, "\(report)")
  }

  @Test("mounts of /proc and labels are parsed or refused")
  func labels() async {
    let texts = [
      "22 30 0:21 / /proc rw,nosuid shared:13 - proc proc rw,hidepid=2", "4711", "98765",
      "5c1d6ff5-b2b1-4c6c-9a7b-3f2a7d0e9a11",
    ]
    let report = await Fuzz.drive("labels and mounts", texts: texts, words: ["proc", " - "]) {
      text in
      _ = ProcessTableCheck.failure(mountinfo: text)
      var labels = Dictionary(
        PodLabel.all.map { ($0, text) }, uniquingKeysWith: { first, _ in first })
      let identity = PodIdentity(labels: labels)
      labels["mesos.executor.pid"] = "4711"
      _ = PodIdentity(labels: labels)
      _ = (identity?.names, identity?.labels)
      return IDCheck.problem(text) == nil
    }
    #expect(report.isSound, "\(report)")
  }
}
