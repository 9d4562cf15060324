import TestSupport
import Testing

@Suite("Generating, reading and shrinking rounds of random pods")
struct LifeShrinkingTests {
  private static func round(_ number: Int) -> LifeCase {
    var generator = LifeGenerator(seed: StrangerGenerator.seed(of: number, in: 17))
    return generator.next()
  }

  @Test("a round shrinks to the elements that make it fail")
  func shrinks() async {
    let restarts = (1...400).map(Self.round).filter { round in
      round.pod.services.contains { $0.joined?.namespace == .pid && $0.restart == .always }
        && round.events.contains { $0.action == .term }
    }
    #expect(restarts.count > 5)
    for round in restarts {
      let smallest = await LifeShrinking(tries: 500).shrink(round) { round in
        round.pod.services.contains { $0.joined?.namespace == .pid && $0.restart == .always }
          && round.events.contains { $0.action == .term }
      }
      let names = smallest.pod.services.map(\.name)
      #expect(names.count == 2)
      #expect(smallest.events.count == 1)
      let joined = LifePod.Service(
        name: names[1], restart: .always, joined: .init(namespace: .pid, owner: names[0]))
      #expect(smallest.pod == LifePod(services: [LifePod.Service(name: names[0]), joined]))
    }
  }

  @Test("shrinking stops when its tries or its time are used up")
  func bounded() async {
    var count = 0
    let round = Self.round(3)
    _ = await LifeShrinking(tries: 5).shrink(round) { _ in
      count += 1
      return true
    }
    #expect(count == 5)
    let same = await LifeShrinking(hasTime: { false }).shrink(round) { _ in true }
    #expect(same == round)
  }

  @Test("every smaller round differs from the original")
  func smaller() {
    for number in 1...50 {
      let round = Self.round(number)
      for smaller in LifeShrinking.smaller(than: round) { #expect(smaller != round) }
    }
  }

  @Test("the same seed generates the same round, which has two to seven services")
  func generated() {
    for number in 1...300 {
      let round = Self.round(number)
      #expect(round == Self.round(number))
      #expect((2...7).contains(round.pod.services.count))
    }
  }

  @Test("files are valid, before and after shrinking", arguments: 1...4)
  func valid(number: Int) async throws {
    let round = Self.round(number)
    let others = LifeShrinking.smaller(than: round)
    try await withTemporaryDirectory { directory in
      for file in Set(([round] + others).map(\.pod.yaml)) {
        try directory.write("compose.yaml", file)
        try await Command(
          BuiltProgram.composeExecutor, ["config", "-f", "compose.yaml"], directory: directory.path
        ).output()
      }
    }
  }

  @Test("events and log lines are converted to entries")
  func clock() {
    let clock = LifeClock(wall: 1000, uptime: 50)
    func entry(_ time: Int, _ subject: String, _ what: LifeHistory.What) -> LifeHistory.Entry {
      .init(time: time, subject: subject, what: what)
    }
    #expect(
      clock.entry(ofEngine: "1001500000000\tkill\ta\t<no value>\t15\t<no value>")
        == entry(1500, "a", .killed(signal: 15)))
    #expect(
      clock.entry(ofEngine: "1001500000000\tdie\ta\tTrue\t<no value>\t137")
        == entry(1500, "a/pre_start", .died(code: 137)))
    #expect(
      clock.entry(ofEngine: "1001500000000\thealth_status: healthy\ta\t<no value>\t\t")
        == entry(1500, "a", .healthy))
    #expect(clock.entry(ofEngine: "1001500000000\tstart\t<no value>\tTrue\t\t") == nil)
    #expect(
      clock.entry(ofEngine: "1001500000000\tstart\tinfra\tTrue\t\t")
        == entry(1500, "infra", .started))
    #expect(clock.entry(ofLog: "51.25 a signal TERM") == entry(1250, "a", .signaled("TERM")))
    #expect(clock.entry(ofLog: "51.25 a start") == entry(1250, "a", .began))
    #expect(
      clock.entry(ofLog: "51.25 a pre_stop exit 3") == entry(1250, "a/pre_stop", .exits(code: 3)))
    #expect(clock.entry(ofLog: "51.25 a") == nil)
    let state = clock.state(in: "1970-01-01T00:16:42.500Z TASK_FAILED service 'a' exited with 3")
    #expect(
      state == .init(time: 2500, name: "TASK_FAILED", message: "service 'a' exited with 3"))
  }
}
