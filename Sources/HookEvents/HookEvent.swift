import HookShim

/// What the Mesos agent's hook, or `pod-hook-notify`, said about an executor.
///
/// The format is described in `HookShim.h`. The strings come as bytes: whoever sent them may have put
/// anything into them, so what isn't UTF-8 must not become equal to something else by decoding.
public struct HookEvent: Hashable, Sendable {
  /// What happened.
  public enum Kind: Hashable, Sendable {
    /// An executor's container was launched: its run (Mesos' container ID) and its sandbox on the host.
    case started(run: [UInt8], sandbox: [UInt8])
    /// The agent removed an executor. Which run of it that was, the agent doesn't say.
    case removed(framework: [UInt8], executor: [UInt8])
    /// A kind that this version doesn't know, by its number.
    case unknown(UInt16)
  }

  /// Names an event for good: one that comes twice is known by it.
  public struct ID: Hashable, Sendable {
    /// The sender's pid in its own pid namespace.
    public var pid: UInt32
    /// The sender's number, random for each time the shim was opened.
    public var instance: UInt64
    /// 1, 2, 3… in each instance.
    public var sequence: UInt64

    /// Puts an ID together.
    public init(pid: UInt32, instance: UInt64, sequence: UInt64) {
      self.pid = pid
      self.instance = instance
      self.sequence = sequence
    }
  }

  /// What happened.
  public var kind: Kind
  /// This event and no other.
  public var id: ID
  /// The wall clock when it happened, in nanoseconds since 1970.
  public var wallClock: UInt64
  /// CLOCK_BOOTTIME when it happened, in nanoseconds: orders the events of one boot.
  public var bootTime: UInt64
  /// The boot as `/proc/sys/kernel/random/boot_id` writes it; nil if the sender couldn't read that.
  public var bootID: String?

  /// Puts an event together.
  public init(
    kind: Kind, id: ID, wallClock: UInt64, bootTime: UInt64, bootID: String?
  ) {
    self.kind = kind
    self.id = id
    self.wallClock = wallClock
    self.bootTime = bootTime
    self.bootID = bootID
  }
}

extension HookEvent {
  /// The version of the format that this type reads.
  public static let version = UInt16(HOOK_EVENT_VERSION)
  /// The longest event of this version in bytes, if no field is there that this version doesn't know.
  public static let longest =
    Int(HOOK_EVENT_HEADER) + 2 * Int(HOOK_FIELD_HEADER + HOOK_SHIM_LONGEST)

  /// Why bytes are no event.
  public enum DecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// It doesn't begin as an event does.
    case notAnEvent
    /// An event of another version: the sender is newer or older than this program.
    case unknownVersion(UInt16)
    /// It says that it is `expected` bytes long, and is not.
    case wrongLength(expected: Int, got: Int)
    /// A field's length points past the end, or less than a field's head is left; its offset in bytes.
    case brokenField(at: Int)
    /// An event of this kind has this field, by its tag, and it isn't there.
    case missingField(tag: UInt16)
    /// The same known field is there twice, by its tag.
    case doubleField(tag: UInt16)

    /// What is wrong, for a log.
    public var description: String {
      switch self {
      case .notAnEvent: "not a hook event"
      case .unknownVersion(let version):
        "a hook event of version \(version), and this program reads version \(HookEvent.version): "
          + "module and pod-reaper should come from one release"
      case .wrongLength(let expected, let got):
        "a hook event that says it is \(expected) bytes long, and is \(got)"
      case .brokenField(let offset): "a hook event with a broken field at byte \(offset)"
      case .missingField(let tag): "a hook event without field \(tag)"
      case .doubleField(let tag): "a hook event with field \(tag) twice"
      }
    }
  }

  /// Reads one event: a datagram, or a file of the spool. Fields that aren't known are skipped.
  ///
  /// - Parameter bytes: The whole event and nothing after it.
  /// - Returns: The event; one of an unknown kind too.
  /// - Throws: ``DecodingError``.
  public static func decode(_ bytes: some Collection<UInt8>) throws(DecodingError) -> HookEvent {
    let reader = EventReader(bytes: Array(bytes))
    let count = reader.bytes.count
    guard count >= HOOK_EVENT_AT_KIND, reader.number(UInt32.self, at: 0) == HOOK_EVENT_MAGIC else {
      throw .notAnEvent
    }
    let version = reader.number(UInt16.self, at: HOOK_EVENT_AT_VERSION)
    guard version == Self.version else { throw .unknownVersion(version) }
    guard count >= HOOK_EVENT_HEADER else {
      throw .wrongLength(expected: Int(HOOK_EVENT_HEADER), got: count)
    }
    let length = reader.number(UInt32.self, at: HOOK_EVENT_AT_LENGTH)
    guard length == count else { throw .wrongLength(expected: Int(length), got: count) }
    let fields = try reader.fields()
    let kind: Kind =
      switch Int32(reader.number(UInt16.self, at: HOOK_EVENT_AT_KIND)) {
      case HOOK_EVENT_STARTED:
        .started(
          run: try fields.value(HOOK_FIELD_RUN), sandbox: try fields.value(HOOK_FIELD_SANDBOX))
      case HOOK_EVENT_REMOVED:
        .removed(
          framework: try fields.value(HOOK_FIELD_FRAMEWORK),
          executor: try fields.value(HOOK_FIELD_EXECUTOR))
      case let other: .unknown(UInt16(other))
      }
    return HookEvent(
      kind: kind,
      id: ID(
        pid: reader.number(UInt32.self, at: HOOK_EVENT_AT_PID),
        instance: reader.number(UInt64.self, at: HOOK_EVENT_AT_INSTANCE),
        sequence: reader.number(UInt64.self, at: HOOK_EVENT_AT_SEQUENCE)),
      wallClock: reader.number(UInt64.self, at: HOOK_EVENT_AT_WALL_CLOCK),
      bootTime: reader.number(UInt64.self, at: HOOK_EVENT_AT_BOOT_TIME), bootID: reader.bootID())
  }
}

/// The known fields' values by tag.
private struct EventFields {
  private static let known = HOOK_FIELD_RUN...HOOK_FIELD_EXECUTOR
  private var values: [Int32: [UInt8]] = [:]

  func value(_ tag: Int32) throws(HookEvent.DecodingError) -> [UInt8] {
    guard let value = values[tag] else { throw .missingField(tag: UInt16(tag)) }
    return value
  }

  mutating func add(_ value: ArraySlice<UInt8>, _ tag: UInt16) throws(HookEvent.DecodingError) {
    guard Self.known.contains(Int32(tag)) else { return }
    guard values.updateValue(Array(value), forKey: Int32(tag)) == nil else {
      throw .doubleField(tag: tag)
    }
  }
}

private struct EventReader {
  let bytes: [UInt8]

  /// A little-endian number; the caller knows that it is all there.
  func number<Number: FixedWidthInteger & BitwiseCopyable>(_: Number.Type, at offset: Int32)
    -> Number
  { number(Number.self, at: Int(offset)) }

  private func number<Number: FixedWidthInteger & BitwiseCopyable>(
    _: Number.Type, at offset: Int
  ) -> Number {
    bytes.withUnsafeBytes {
      Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
  }

  func fields() throws(HookEvent.DecodingError) -> EventFields {
    var fields = EventFields()
    var offset = Int(HOOK_EVENT_HEADER)
    while offset < bytes.count {
      guard bytes.count - offset >= HOOK_FIELD_HEADER else { throw .brokenField(at: offset) }
      let tag = number(UInt16.self, at: offset)
      let length = Int(number(UInt32.self, at: offset + Int(HOOK_FIELD_AT_LENGTH)))
      let start = offset + Int(HOOK_FIELD_HEADER)
      guard length <= bytes.count - start else { throw .brokenField(at: offset) }
      try fields.add(bytes[start..<(start + length)], tag)
      offset = start + length
    }
    return fields
  }

  func bootID() -> String? {
    let id = bytes[Int(HOOK_EVENT_AT_BOOT_ID)..<Int(HOOK_EVENT_HEADER)]
    guard id.contains(where: { $0 != 0 }) else { return nil }
    var text = ""
    for (index, byte) in id.enumerated() {
      if [4, 6, 8, 10].contains(index) { text += "-" }
      let digits = String(byte, radix: 16)
      text += digits.utf8.count == 1 ? "0" + digits : digits
    }
    return text
  }
}
