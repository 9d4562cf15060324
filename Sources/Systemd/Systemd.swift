import Dispatch
import Glibc

/// This host's systemd, asked over D-Bus (org.freedesktop.systemd1(5)).
///
/// Root asks `/run/systemd/private`, as systemctl does: that needs no bus, and no bus can answer in systemd's place. Others
/// ask the system bus, where polkit decides. The addresses are fixed: what is in the environment may be a tenant's.
public struct Systemd: Sendable {
  /// Where it is, in the order in which it is tried.
  let addresses: [(address: String, isBus: Bool)]
  /// How long one call may take.
  let timeout: Duration

  /// The host's systemd.
  ///
  /// - Parameter timeout: how long one call may take.
  public init(timeout: Duration = .seconds(10)) {
    let bus = (address: "unix:path=/run/dbus/system_bus_socket", isBus: true)
    let own = (address: "unix:path=/run/systemd/private", isBus: false)
    addresses = geteuid() == 0 ? [own, bus] : [bus]
    self.timeout = timeout
  }

  /// Another one, for tests.
  init(address: String, isBus: Bool = false, timeout: Duration = .seconds(10)) {
    addresses = [(address, isBus)]
    self.timeout = timeout
  }

  /// Whether systemd is this host's init, as sd_booted(3) tells it.
  public static var isInit: Bool { access("/run/systemd/system", F_OK) == 0 }

  /// Connects and does some work, on a thread that may wait.
  private func connected<Value: Sendable>(
    _ work: @escaping @Sendable (DBusConnection) throws(SystemdError) -> Value
  ) async throws(SystemdError) -> Value {
    let result = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: self.result(work)) }
    }
    return try result.get()
  }

  /// Tries again while systemd is being executed anew (`systemctl daemon-reexec`), which closes its socket for a moment.
  /// Whatever is asked for may be asked for twice.
  private func result<Value>(
    _ work: (DBusConnection) throws(SystemdError) -> Value
  ) -> Result<Value, SystemdError> {
    let deadline = ContinuousClock.now + timeout
    while true {
      let result = attempt(work, until: deadline)
      guard case .failure(let error) = result, error.isAbsence, .now < deadline else {
        return result
      }
      usleep(20_000)
    }
  }

  private func attempt<Value>(
    _ work: (DBusConnection) throws(SystemdError) -> Value, until deadline: ContinuousClock.Instant
  ) -> Result<Value, SystemdError> {
    var problem = SystemdError("systemd has no address")
    for (index, (address, isBus)) in addresses.enumerated() {
      let rest = max(.milliseconds(1), deadline - .now)
      let limit = Int32(rest / .milliseconds(1))
      let connection: DBusConnection
      do throws(SystemdError) {
        connection = try DBusConnection(address: address, isBus: isBus, timeout: limit)
      } catch {
        // What the first says tells more than that there is no bus.
        if index == 0 { problem = error.isDenied ? error : error.absence }
        continue
      }
      do throws(SystemdError) {
        return .success(try work(connection))
      } catch {
        let isGone = error.name.hasSuffix(".NoReply") && !connection.isOpen
        return .failure(isGone ? error.absence : error)
      }
    }
    return .failure(problem)
  }

  // MARK: Units

  /// Starts a unit that exists until it stops, or this boot ends (`StartTransientUnit`).
  ///
  /// - Parameters:
  ///   - unit: its name.
  ///   - properties: its properties.
  ///   - slice: a slice that it needs. Where that isn't there it is made too, and systemd stops it once nothing needs it.
  /// - Throws: `SystemdError`; one that `isExisting` where it runs already.
  public func start(
    _ unit: String, _ properties: [UnitProperty], in slice: String? = nil
  ) async throws(SystemdError) {
    try await connected { connection throws(SystemdError) in
      if let slice {
        do throws(SystemdError) {
          return try Self.start(unit, properties, with: slice, connection)
        } catch {
          // One of the two is there.
          guard error.isExisting else { throw error }
        }
      }
      try Self.start(unit, properties, with: nil, connection)
    }
  }

  private static func start(
    _ unit: String, _ properties: [UnitProperty], with slice: String?, _ connection: DBusConnection
  ) throws(SystemdError) {
    let more = slice.map { slice in
      DBusValue.structure([
        .string(slice), .properties([.flag("StopWhenUnneeded", true)]),
      ])
    }
    _ = try connection.manager(
      "StartTransientUnit",
      [
        .string(unit), .string("fail"), .properties(properties),
        .array(of: "(sa(sv))", more.map { [$0] } ?? []),
      ])
  }

  /// Changes properties of a loaded unit until it stops, or this boot ends (`SetUnitProperties`).
  ///
  /// - Parameters:
  ///   - properties: the properties that change.
  ///   - unit: its name.
  /// - Throws: `SystemdError`.
  public func set(_ properties: [UnitProperty], of unit: String) async throws(SystemdError) {
    try await connected { connection throws(SystemdError) in
      _ = try connection.manager(
        "SetUnitProperties", [.string(unit), .boolean(true), .properties(properties)])
    }
  }

  /// Stops a unit, and all that are in it if it is a slice (`StopUnit`); one that isn't loaded is fine.
  ///
  /// - Parameter unit: its name.
  /// - Throws: `SystemdError`.
  public func stop(_ unit: String) async throws(SystemdError) {
    try await connected { connection throws(SystemdError) in
      do throws(SystemdError) {
        _ = try connection.manager("StopUnit", [.string(unit), .string("replace")])
      } catch {
        guard error.isMissing else { throw error }
      }
    }
  }

  /// Stops a slice, and forgets the failed scopes that were in it.
  ///
  /// - Parameters:
  ///   - slice: its name.
  ///   - scopes: the names that its scopes have, such as `docker-*.scope`.
  /// - Throws: `SystemdError`.
  public func stop(_ slice: String, resettingFailed scopes: String) async throws(SystemdError) {
    try await stop(slice)
    for (scope, owner) in try await slices(ofFailed: scopes) where owner == slice {
      try await resetFailed(scope)
    }
  }

  /// Forgets that a unit failed (`ResetFailedUnit`); one that isn't loaded is fine.
  ///
  /// - Parameter unit: its name.
  /// - Throws: `SystemdError`.
  public func resetFailed(_ unit: String) async throws(SystemdError) {
    try await connected { connection throws(SystemdError) in
      do throws(SystemdError) {
        _ = try connection.manager("ResetFailedUnit", [.string(unit)])
      } catch {
        guard error.isMissing else { throw error }
      }
    }
  }

  /// The loaded units whose names match (`ListUnitsByPatterns`; `ListUnits` before systemd 230).
  ///
  /// - Parameters:
  ///   - pattern: a shell pattern with stars only, such as `composepods-*.slice`.
  ///   - state: only those in this state, such as `failed`; nil for all.
  /// - Returns: the units.
  /// - Throws: `SystemdError`.
  public func units(
    _ pattern: String, state: String? = nil
  ) async throws(SystemdError) -> [SystemdUnit] {
    try await connected { connection throws(SystemdError) in
      let reply: [DBusValue]
      do throws(SystemdError) {
        reply = try connection.manager(
          "ListUnitsByPatterns",
          [
            .array(of: "s", state.map { [.string($0)] } ?? []), .array(of: "s", [.string(pattern)]),
          ])
      } catch {
        guard error.isUnknown else { throw error }
        reply = try connection.manager("ListUnits", [])
      }
      return (reply.first?.elements ?? []).compactMap(SystemdUnit.init).filter {
        SystemdUnit.matches($0.name, pattern) && (state == nil || $0.activeState == state)
      }
    }
  }

  /// The slice that each failed scope of a name was in, as systemd still lists it.
  ///
  /// - Parameter pattern: the scopes' names, such as `docker-*.scope`.
  /// - Returns: the slices, by scope.
  /// - Throws: `SystemdError`.
  public func slices(
    ofFailed pattern: String
  ) async throws(SystemdError) -> [String: String] {
    let failed = try await units(pattern, state: "failed")
    return try await connected { connection throws(SystemdError) in
      var slices: [String: String] = [:]
      for unit in failed {
        do throws(SystemdError) {
          let reply = try connection.call(
            unit.path, "org.freedesktop.DBus.Properties", "Get",
            [.string("org.freedesktop.systemd1.Scope"), .string("Slice")])
          if case .variant(let value)? = reply.first { slices[unit.name] = value.text }
        } catch {
          // One that has gone meanwhile is an error of systemd's.
          if error.name.isEmpty || error.isDenied { throw error }
        }
      }
      return slices
    }
  }

  /// The release, such as 252.
  ///
  /// - Returns: the number; 0 where systemd doesn't say one.
  /// - Throws: `SystemdError`.
  public func release() async throws(SystemdError) -> Int {
    try await connected { connection throws(SystemdError) in
      let reply = try connection.call(
        DBusConnection.managerPath, "org.freedesktop.DBus.Properties", "Get",
        [.string(DBusConnection.managerInterface), .string("Version")])
      guard case .variant(let value)? = reply.first, let text = value.text else { return 0 }
      // `252.38-1~deb12u1`, or `systemd 219`.
      let digits = text.drop { !$0.isNumber }.prefix { $0.isNumber }
      return Int(digits) ?? 0
    }
  }
}

extension DBusConnection {
  static var managerPath: String { "/org/freedesktop/systemd1" }
  static var managerInterface: String { "org.freedesktop.systemd1.Manager" }

  func manager(
    _ method: String, _ arguments: [DBusValue]
  ) throws(SystemdError) -> [DBusValue] {
    try call(Self.managerPath, Self.managerInterface, method, arguments)
  }
}
