/// The duration that `measure` returns. While it is the limit or more, the measurement is repeated,
/// twice at most: a stall of the machine delays one of them, a fault of the program all.
func leastDuration(
  below limit: Duration, _ measure: () async throws -> Duration
) async throws -> Duration {
  var least = try await measure()
  for _ in 0..<2 where least >= limit {
    let next = try await measure()
    least = min(least, next)
  }
  return least
}
