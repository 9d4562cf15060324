import HookShim

/// An event about an executor, from the hook of the Mesos agent or from `pod-hook-notify`.
///
/// `HookShim.h` describes the format. Strings are kept as bytes: the sender can put any bytes into
/// them, and different bytes that aren't UTF-8 must not become equal by decoding.
package struct HookEvent: Hashable, Sendable {
  /// The kind of an event, with its fields.
  package enum Kind: Hashable, Sendable {
    /// An executor's container was launched: its run (Mesos' container ID) and its sandbox on the
    /// host.
    case started(run: [UInt8], sandbox: [UInt8])
    /// The agent removed an executor. The agent doesn't report which run of it.
    case removed(framework: [UInt8], executor: [UInt8])
    /// A number that this version doesn't know.
    case unknown(UInt16)
  }

  /// The unique ID of an event, by which an event that arrives twice is recognized.
  package struct ID: Hashable, Sendable {
    /// The sender's process ID in its own PID namespace.
    package var pid: UInt32
    /// A random number of the sender, new each time the shim is opened.
    package var instance: UInt64
    /// 1, 2, 3… in each instance.
    package var sequence: UInt64

    /// Creates an ID.
    package init(pid: UInt32, instance: UInt64, sequence: UInt64) {
      self.pid = pid
      self.instance = instance
      self.sequence = sequence
    }
  }

  /// The kind.
  package var kind: Kind
  /// The unique ID.
  package var id: ID
  /// The wall clock at the time of the event, in nanoseconds since 1970.
  package var wallClock: UInt64
  /// CLOCK_BOOTTIME at the time of the event, in nanoseconds. It orders the events of one boot.
  package var bootTime: UInt64
  /// The boot ID in the format of `/proc/sys/kernel/random/boot_id`; nil if the sender couldn't
  /// read it.
  package var bootID: String?

  /// Creates an event.
  package init(
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
  package static let version = UInt16(HOOK_EVENT_VERSION)
  /// The longest event of this version in bytes, if it has no unknown fields.
  package static let longest =
    Int(HOOK_EVENT_HEADER) + 2 * Int(HOOK_FIELD_HEADER + HOOK_SHIM_LONGEST)

  /// Why bytes can't be decoded as an event.
  package enum DecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes don't begin with the magic number of events.
    case notAnEvent
    /// The event has another version: the sender is newer or older than this program.
    case unknownVersion(UInt16)
    /// The length in the header, `expected`, is not the length of the bytes.
    case wrongLength(expected: Int, got: Int)
    /// A field at this offset in bytes extends beyond the end, or its header is incomplete.
    case brokenField(at: Int)
    /// The event lacks the field with this tag, which its kind requires.
    case missingField(tag: UInt16)
    /// The event has the known field with this tag twice.
    case doubleField(tag: UInt16)

    /// The description for a log.
    package var description: String {
      switch self {
      case .notAnEvent: "not a hook event"
      case .unknownVersion(let version):
        "a hook event of version \(version), but this program reads version \(HookEvent.version): "
          + "install the module and pod-reaper from one release"
      case .wrongLength(let expected, let got):
        "a hook event with a declared length of \(expected) bytes, and an actual length of \(got)"
      case .brokenField(let offset): "a hook event with an invalid field at byte \(offset)"
      case .missingField(let tag): "a hook event without field \(tag)"
      case .doubleField(let tag): "a hook event with field \(tag) twice"
      }
    }
  }

  /// Decodes one event from a datagram or a spool file. Unknown fields are skipped.
  ///
  /// - Parameter bytes: exactly one event.
  /// - Returns: the event, also if its kind is unknown.
  /// - Throws: ``DecodingError``.
  package static func decode(_ bytes: some Collection<UInt8>) throws(DecodingError) -> HookEvent {
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

/// The values of the known fields, by tag.
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

  /// A little-endian number. The caller checks that all its bytes exist.
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
