import Dispatch
import Glibc

/// A client of this host's systemd over D-Bus (org.freedesktop.systemd1(5)).
///
/// As root it connects to `/run/systemd/private`, as systemctl does: this needs no bus, and no bus
/// can impersonate systemd. If that fails, and for other users, it connects to the system bus,
/// where polkit authorizes the calls. The addresses are constants because the environment may come
/// from a tenant.
package struct Systemd: Sendable {
  /// The addresses, in the order in which they are tried.
  let addresses: [(address: String, isBus: Bool)]
  /// The time limit of one call.
  let timeout: Duration

  /// Creates a client of the host's systemd.
  ///
  /// - Parameter timeout: the time limit of one call.
  package init(timeout: Duration = .seconds(10)) {
    let bus = (address: "unix:path=/run/dbus/system_bus_socket", isBus: true)
    let own = (address: "unix:path=/run/systemd/private", isBus: false)
    addresses = geteuid() == 0 ? [own, bus] : [bus]
    self.timeout = timeout
  }

  /// Creates a client of another systemd, for tests.
  init(address: String, isBus: Bool = false, timeout: Duration = .seconds(10)) {
    addresses = [(address, isBus)]
    self.timeout = timeout
  }

  /// Whether systemd is the init system of this host (sd_booted(3)).
  package static var isInit: Bool { access("/run/systemd/system", F_OK) == 0 }

  /// Connects and calls `work` on a thread that may block.
  private func connected<Value: Sendable>(
    _ work: @escaping @Sendable (DBusConnection) throws(SystemdError) -> Value
  ) async throws(SystemdError) -> Value {
    let result = await withCheckedContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(returning: self.result(work)) }
    }
    return try result.get()
  }

  /// Retries while systemd re-executes itself (`systemctl daemon-reexec`), which closes its socket
  /// briefly. Requests must therefore be safe to repeat.
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
        // The error of the first address explains more than the absence of a bus.
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

  /// Starts a transient unit, which exists until it stops or the host reboots
  /// (`StartTransientUnit`).
  ///
  /// - Parameters:
  ///   - unit: the unit's name.
  ///   - properties: the unit's properties.
  ///   - slice: a slice that the unit needs. A missing slice is started too, and systemd stops it
  ///     when no unit needs it.
  /// - Throws: `SystemdError`; `isExisting` is true if the unit is already loaded.
  package func start(
    _ unit: String, _ properties: [UnitProperty], in slice: String? = nil
  ) async throws(SystemdError) {
    try await connected { connection throws(SystemdError) in
      if let slice {
        do throws(SystemdError) {
          return try Self.start(unit, properties, with: slice, connection)
        } catch {
          // The unit or the slice exists. Without the slice in the request, only an existing unit
          // is an error.
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

  /// Changes properties of a loaded unit until it stops or the host reboots (`SetUnitProperties`).
  ///
  /// - Parameters:
  ///   - properties: the properties to change.
  ///   - unit: the unit's name.
  /// - Throws: `SystemdError`.
  package func set(_ properties: [UnitProperty], of unit: String) async throws(SystemdError) {
    try await connected { connection throws(SystemdError) in
      _ = try connection.manager(
        "SetUnitProperties", [.string(unit), .boolean(true), .properties(properties)])
    }
  }

  /// Stops a unit, and if it is a slice all units in it (`StopUnit`). A unit that isn't loaded is
  /// no error.
  ///
  /// - Parameter unit: the unit's name.
  /// - Throws: `SystemdError`.
  package func stop(_ unit: String) async throws(SystemdError) {
    try await connected { connection throws(SystemdError) in
      do throws(SystemdError) {
        _ = try connection.manager("StopUnit", [.string(unit), .string("replace")])
      } catch {
        guard error.isMissing else { throw error }
      }
    }
  }

  /// Stops a slice, and resets the failed scopes that were in it.
  ///
  /// - Parameters:
  ///   - slice: the slice's name.
  ///   - scopes: the pattern of its scopes' names, such as `docker-*.scope`.
  /// - Throws: `SystemdError`.
  package func stop(_ slice: String, resettingFailed scopes: String) async throws(SystemdError) {
    try await stop(slice)
    for (scope, owner) in try await slices(ofFailed: scopes) where owner == slice {
      try await resetFailed(scope)
    }
  }

  /// Resets the failed state of a unit (`ResetFailedUnit`). A unit that isn't loaded is no error.
  ///
  /// - Parameter unit: the unit's name.
  /// - Throws: `SystemdError`.
  package func resetFailed(_ unit: String) async throws(SystemdError) {
    try await connected { connection throws(SystemdError) in
      do throws(SystemdError) {
        _ = try connection.manager("ResetFailedUnit", [.string(unit)])
      } catch {
        guard error.isMissing else { throw error }
      }
    }
  }

  /// The loaded units whose names match a pattern (`ListUnitsByPatterns`; `ListUnits` before
  /// systemd 230).
  ///
  /// - Parameters:
  ///   - pattern: a shell pattern without other special characters than `*`, such as
  ///     `composepods-*.slice`.
  ///   - state: the state of the units, such as `failed`; nil for all states.
  /// - Returns: the units.
  /// - Throws: `SystemdError`.
  package func units(
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

  /// The slices of the failed scopes whose names match a pattern.
  ///
  /// - Parameter pattern: the pattern of the scopes' names, such as `docker-*.scope`.
  /// - Returns: the name of each scope's slice.
  /// - Throws: `SystemdError`.
  package func slices(
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
          // An error reply for a scope that was unloaded meanwhile is ignored.
          if error.name.isEmpty || error.isDenied { throw error }
        }
      }
      return slices
    }
  }

  /// The version of systemd, such as 252.
  ///
  /// - Returns: the number; 0 if systemd reports none.
  /// - Throws: `SystemdError`.
  package func release() async throws(SystemdError) -> Int {
    try await connected { connection throws(SystemdError) in
      let reply = try connection.call(
        DBusConnection.managerPath, "org.freedesktop.DBus.Properties", "Get",
        [.string(DBusConnection.managerInterface), .string("Version")])
      guard case .variant(let value)? = reply.first, let text = value.text else { return 0 }
      // For example `252.38-1~deb12u1` or `systemd 219`.
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
