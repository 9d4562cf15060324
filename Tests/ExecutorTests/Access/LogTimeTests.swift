import Testing

@testable import Executor

@Suite("Times of logs")
struct LogTimeTests {
  private static let second: Int64 = 1_000_000_000
  /// 2026-11-29T12:00:00Z
  private static let now: Int64 = 1_795_953_600 * second

  /// A value, and its seconds and nanoseconds since 1970.
  private static let read: [(text: String, seconds: Int64, nanoseconds: Int64)] = [
    ("10m", 1_795_953_000, 0), ("1h30m", 1_795_948_200, 0), ("1.5s", 1_795_953_598, 500_000_000),
    ("-1h", 1_795_957_200, 0), ("0s", 1_795_953_600, 0), ("100ms", 1_795_953_599, 900_000_000),
    ("0", 0, 0), ("10", 10, 0), ("1795953600.25", 1_795_953_600, 250_000_000),
    ("1.0000000019", 1, 1), ("2026-11-29T12:00:00Z", 1_795_953_600, 0),
    ("2026-11-29T13:00:00+01:00", 1_795_953_600, 0),
    ("2026-11-29T11:30:00.5-00:30", 1_795_953_600, 500_000_000),
    ("2026-11-29Z", 1_795_910_400, 0), ("2026-11-29T12Z", 1_795_953_600, 0),
    ("2026-11-29T12:00Z", 1_795_953_600, 0),
    ("2024-02-29T00:00:00.000000001Z", 1_709_164_800, 1), ("1970-01-01T00:00:00Z", 0, 0),
  ]

  @Test("are durations before now, dates, or seconds since 1970", arguments: read)
  func reads(_ value: (text: String, seconds: Int64, nanoseconds: Int64)) {
    let moment = value.seconds * Self.second + value.nanoseconds
    #expect(LogTime.option(value.text, now: Self.now) == moment, "\(value.text)")
  }

  @Test(
    "can't be anything else",
    arguments: [
      "", "x", "10x", "1d", "1w", "2026-13-01", "2026-01-32Z", "2026-02-29",
      "2026-04-31Z", "1900-02-29Z", "2026-01-01T25:00:00Z",
      "2026-01-01T00:00:00ZZ",
      "2026-01-01T00:00:00+1:00", "-", "--", "1-2", ".5", "5.", "99999999999999999999", "1e3",
      "2026-1-1", "9999-01-01Z", "٣", "2026-01-01T00:00:00.Z",
    ])
  func refuses(_ text: String) {
    #expect(LogTime.option(text, now: Self.now) == nil, "\(text)")
  }

  @Test("without a time zone are in the host's zone, as in the docker command")
  func local() throws {
    let noon = try #require(LogTime.option("2026-11-29T12:00:00", now: Self.now))
    let midnight = try #require(LogTime.option("2026-11-29", now: Self.now))
    #expect(noon - midnight == 43_200 * Self.second)
    #expect(abs(noon - Self.now) <= 14 * 3600 * Self.second)
  }

  @Test("are sent with nine decimals")
  func text() {
    #expect(LogTime.text(1_500_000_001) == "1.500000001")
    #expect(LogTime.text(0) == "0.000000000")
    #expect(LogTime.text(-5) == "0.000000000")
  }
}
