/// Keeps back an incomplete line, which is read again after an outage of the engine.
struct WholeLines {
  private var pending: [UInt8] = []

  /// The bytes up to the last line break; all bytes if a line exceeds the limit.
  mutating func take(_ bytes: [UInt8]) -> [UInt8] {
    pending += bytes
    if let end = pending.lastIndex(of: 0x0a) {
      let lines = Array(pending[...end])
      pending.removeFirst(end + 1)
      return lines
    }
    return pending.count >= LineAssembler.limit ? rest() : []
  }

  /// The remaining bytes, after the container has exited.
  mutating func rest() -> [UInt8] {
    defer { pending = [] }
    return pending
  }
}
