import Testing

@testable import PodIdentity

@Suite("A lease's protocol")
struct LeaseProtocolTests {
  @Test("has a response for every combination of earlier and later executors and reapers")
  func combinations() {
    let request = LeaseProtocol.request(run: "run-1")
    #expect(request == "LEASE 1 run-1 restarts figures")
    #expect(LeaseProtocol.run(of: request) == "run-1")
    // First lines of executors, and the responses of this reaper.
    for (line, response) in [
      ("LEASE 1 run-1", "OK"), ("LEASE 1 run-1 restarts", "OK restarts"),
      (request, "OK restarts figures"), ("LEASE 1 run-1 figures", "OK figures"),
      ("LEASE 1 run-1 later restarts", "OK restarts"), ("LEASE 1 restarts", "OK"),
    ] {
      #expect(LeaseProtocol.acceptance(of: line) == response, "\(line)")
    }
    // Responses of reapers, and the features that this executor reads in them.
    let responses: [(String, Set<LeaseProtocol.Feature>?)] = [
      ("OK\n", []), ("OK restarts\n", [.restarts]),
      ("OK restarts figures\n", [.restarts, .figures]), ("OK later figures\n", [.figures]),
      ("NO\n", nil), ("", nil),
    ]
    for (response, features) in responses {
      #expect(LeaseProtocol.features(of: response) == features, "\(response)")
    }
    // Executors of earlier versions compare only the start of the response.
    #expect(LeaseProtocol.acceptance(of: "LEASE 1 run-1 restarts").hasPrefix("OK restarts"))
  }

  @Test("encodes the figures of a pod in a line within the length limit")
  func line() {
    var figures = LeaseFigures(task: "web 1 task=é")
    figures.services = [.waiting: 1, .running: 2, .exited: 3]
    (figures.restarts, figures.successes, figures.failures) = (4, 5, 6)
    #expect(LeaseFigures(line: figures.line) == figures)
    (figures.launchSeconds, figures.isNewlyLaunched, figures.outcome) = (0.84, true, .killed)
    #expect(LeaseFigures(line: figures.line) == figures)
    var long = LeaseFigures(task: String(repeating: "é", count: 127))
    for state in LeaseFigures.ServiceState.allCases { long.services[state] = 1000 }
    (long.restarts, long.successes, long.failures) = (1_000_000, 1_000_000, 1_000_000)
    (long.launchSeconds, long.isNewlyLaunched, long.outcome) = (123_456.789, true, .finished)
    #expect(LeaseFigures(line: long.line) == long)
    #expect(long.line.utf8.count < 512)
  }

  @Test("ignores additions of later versions")
  func later() {
    let figures = LeaseFigures(line: "FIGURES new running=2 memory=1.5g task=web")
    #expect(figures?.services == [.running: 2])
    #expect(figures?.task == "web")
    #expect(LeaseFigures(line: "FIGURES task=web") == LeaseFigures(task: "web"))
  }

  @Test(
    "refuses an invalid line",
    arguments: [
      "", "FIGURES", "FIGURES ", "FIGURES running=1", "FIGURES task=", "FIGURES task=a/b",
      "FIGURES task=..", "FIGURES running=-1 task=a", "FIGURES running=1.5 task=a",
      "FIGURES running= task=a", "FIGURES launch=nan task=a", "FIGURES launch=inf task=a",
      "FIGURES launch=-1 task=a", "FIGURES launch=1e10 task=a", "FIGURES ended=gone task=a",
      "FIGURES restarts=99999999999999999999 task=a", "figures task=a", "RESTARTS 1",
      "FIGURES running=1 task=a\u{7}b",
    ])
  func refused(_ line: String) { #expect(LeaseFigures(line: line) == nil) }
}
