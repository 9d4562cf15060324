import Testing

@testable import DockerEngine
@testable import PodViews

struct AmountTests {
  @Test(
    "bytes are abbreviated",
    arguments: [
      (Int64(0), "0B"), (1023, "1023B"), (1024, "1.0K"), (1536, "1.5K"), (102_400, "100K"),
      (1 << 20, "1.0M"), (187 << 20, "187M"), (3 << 29, "1.5G"), (.max, "7.9E"), (-5, "0B"),
    ])
  func bytes(_ count: Int64, _ text: String) { #expect(Amount.bytes(count) == text) }

  @Test(
    "ages are at least two of their unit",
    arguments: [
      (Int64(-3), "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"),
      (172_799, "47h"), (172_800, "2d"),
    ])
  func ages(_ seconds: Int64, _ text: String) { #expect(Amount.age(seconds) == text) }

  @Test("processors have two decimals, limits no trailing zeros, and no value traps")
  func decimals() {
    #expect(Amount.processors(0.049) == "0.05")
    #expect(Amount.processors(12) == "12.00")
    #expect(Amount.processors(.infinity) == "1000000000.00")
    #expect(Amount.processors(.nan) == "0.00")
    #expect(Amount.limit(2) == "2")
    #expect(Amount.limit(0.5) == "0.5")
    #expect(Amount.limit(10) == "10")
    #expect(Amount.percent(0.125) == "12.5%")
    #expect(Amount.percent(-1) == "0.0%")
  }

  @Test(
    "an engine's status contains health and exit code",
    arguments: [
      ("Up 3 minutes", nil, nil), ("Up 3 minutes (healthy)", "healthy", nil),
      ("Up 1 second (health: starting)", "starting", nil),
      ("Up 2 hours (unhealthy)", "unhealthy", nil), ("Up 2 hours (Paused)", nil, nil),
      ("Exited (137) 2 hours ago", nil, 137), ("Exited (0) Less than a second ago", nil, 0),
      ("Restarting (1) 3 seconds ago", nil, nil), ("Created", nil, nil), ("", nil, nil),
      ("Exited (", nil, nil), ("(", nil, nil), ("Exited (99999999999999999999)", nil, nil),
    ] as [(String, String?, Int?)])
  func status(_ text: String, _ health: String?, _ exitCode: Int?) {
    let status = ContainerStatus(text)
    #expect(status.health == health)
    #expect(status.exitCode == exitCode)
  }
}
