/// Holds back the part of a line that isn't complete: after an outage of the engine it is read again.
struct WholeLines {
  private var pending: [UInt8] = []

  /// The bytes up to the last end of a line; all, where a line is longer than is kept.
  mutating func take(_ bytes: [UInt8]) -> [UInt8] {
    pending += bytes
    if let end = pending.lastIndex(of: 0x0a) {
      let lines = Array(pending[...end])
      pending.removeFirst(end + 1)
      return lines
    }
    return pending.count >= LineAssembler.limit ? rest() : []
  }

  /// What is left, as the container's end has it.
  mutating func rest() -> [UInt8] {
    defer { pending = [] }
    return pending
  }
}
