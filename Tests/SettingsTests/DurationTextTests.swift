import Settings
import Testing

@Suite("Durations")
struct DurationTextTests {
  @Test(
    "are read as people and Mesos write them",
    arguments: [
      ("5secs", Duration.seconds(5)), ("1.5mins", .seconds(90)), ("250ms", .milliseconds(250)),
      ("2m", .seconds(120)), ("0", .zero), ("1hrs", .seconds(3600)), ("10", .seconds(10)),
    ])
  func read(text: String, expected: Duration) {
    #expect(DurationText.parse(text) == expected)
  }

  @Test(
    "are refused where they are none",
    arguments: ["", "s", "5x", "-1s", "1e9weeks", "5 s", "1.2.3s"])
  func refused(text: String) {
    #expect(DurationText.parse(text) == nil)
  }
}
