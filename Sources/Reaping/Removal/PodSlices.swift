import Logging
import Cgroups
import PodIdentity
import Systemd
import Linux

/// The slices of pods that this host's systemd has.
struct PodSlices: Sendable {
  /// What is known of the executor that a slice was made by.
  enum Owner: Sendable, Equatable {
    /// systemd has no such slice: what is there of it are folders alone.
    case noSlice
    /// The process has ended, on this boot.
    case dead
    /// The process lives, or systemd can't be asked.
    case alive(String)
    /// The slice doesn't tell whose it is: an executor in a pid namespace of its own doesn't know
    /// its pid.
    case unknown

    /// Whether the slice must stay, whatever is in it.
    ///
    /// - Parameter isProven: whether the executor is known to be dead by other evidence.
    /// - Returns: why; nil where it need not stay.
    func refusal(isProven: Bool) -> String? {
      switch self {
      case .noSlice, .dead: nil
      case .alive(let why): why
      case .unknown: isProven ? nil : "its description names no process of this boot"
      }
    }
  }

  private var units: [String: SystemdUnit] = [:]
  /// systemd can't be asked, so that nothing is known of any slice.
  private var isUnknown = false

  /// Asks systemd; where there is none there are no slices.
  static func current(_ log: Logger) async -> PodSlices {
    var slices = PodSlices()
    guard Systemd.isInit else {
      // Out of sight, as in a container that was started without it.
      slices.isUnknown = isHidden
      return slices
    }
    do {
      for unit in try await Systemd.forReaper.units("*\(PodSlice.prefix)-*.slice") {
        if let slice = PodSlice(unit: unit.name) { slices.units[slice.path] = unit }
      }
    } catch {
      slices.isUnknown = true
      log.warning("systemd can't be asked for the slices of pods: \(error)")
    }
    return slices
  }

  /// Whether the host's init is a systemd that can't be seen from here.
  static var isHidden: Bool {
    !Systemd.isInit && (try? TextFile.text("/proc/1/comm")) == "systemd\n"
  }

  /// Their cgroups.
  var paths: [String] { Array(units.keys) }

  /// The folders that they are in, without a slash at either end.
  var roots: Set<String> {
    let usual = Systemd.isInit ? ["\(PodSlice.prefix).slice"] : []
    return Set(paths.map { CgroupPath.root(of: $0) } + usual)
  }

  /// Whose the slice with a cgroup is.
  func owner(of path: String) -> Owner {
    if isUnknown { return .alive("systemd can't be asked") }
    return Self.owner(units[path])
  }

  static func owner(_ unit: SystemdUnit?) -> Owner {
    guard let unit else { return .noSlice }
    guard let owner = PodOwner(description: unit.description)?.incarnation,
      owner.bootID == Incarnation.current().bootID
    else { return .unknown }
    if case .gone? = owner.look() { return .dead }
    return .alive("its executor lives, process \(owner.pid ?? 0)")
  }
}

extension Systemd {
  /// A pass goes on without systemd before long, and the next asks again.
  fileprivate static var forReaper: Systemd { Systemd(timeout: .seconds(3)) }
}

extension PodSlice {
  /// Whose it is, now.
  func owner() async -> PodSlices.Owner {
    guard Systemd.isInit else {
      return PodSlices.isHidden ? .alive("the host's systemd can't be seen from here") : .noSlice
    }
    do {
      return PodSlices.owner(try await Systemd.forReaper.units(unit).first)
    } catch {
      return .alive("\(error)")
    }
  }

  /// Stops a dead executor's slice, in which no process is. What systemd has of its containers is
  /// forgotten.
  ///
  /// - Parameter isProven: whether the executor is known to be dead by other evidence than the
  ///   slice's.
  /// - Throws: `Refusal` where it must stay; `SystemdError`.
  func stop(isProven: Bool) async throws {
    let owner = await owner()
    if let why = owner.refusal(isProven: isProven) { throw Refusal(description: why) }
    if owner == .noSlice { return }
    try await Systemd.forReaper.stop(unit, resettingFailed: Self.scope(of: "*"))
  }

  /// Why a slice must stay.
  struct Refusal: Error, CustomStringConvertible { let description: String }
}
