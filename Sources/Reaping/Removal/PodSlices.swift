import Logging
import Cgroups
import PodIdentity
import Systemd
import Linux

/// The slices of pods in this host's systemd.
struct PodSlices: Sendable {
  /// The state of the executor that created a slice.
  enum Owner: Sendable, Equatable {
    /// systemd has no such slice: only directories exist.
    case noSlice
    /// The process has exited, on this boot.
    case dead
    /// The process is alive, or systemd can't be queried.
    case alive(String)
    /// The slice doesn't identify its executor: an executor in its own PID namespace doesn't know
    /// its PID on the host.
    case unknown

    /// Whether the slice must be kept, whatever it contains.
    ///
    /// - Parameter isProven: whether other evidence proves that the executor is dead.
    /// - Returns: the reason; nil if it may be removed.
    func refusal(isProven: Bool) -> String? {
      switch self {
      case .noSlice, .dead: nil
      case .alive(let why): why
      case .unknown: isProven ? nil : "its description has no process of this boot"
      }
    }
  }

  private var units: [String: SystemdUnit] = [:]
  /// systemd can't be queried, so nothing is known about any slice.
  private var isUnknown = false

  /// Queries systemd. On a host without systemd there are no slices.
  static func current(_ log: Logger) async -> PodSlices {
    var slices = PodSlices()
    guard Systemd.isInit else {
      // systemd may be hidden, as in a container that can't access it.
      slices.isUnknown = isHidden
      return slices
    }
    do {
      for unit in try await Systemd.forReaper.units("*\(PodSlice.prefix)-*.slice") {
        if let slice = PodSlice(unit: unit.name) { slices.units[slice.path] = unit }
      }
    } catch {
      slices.isUnknown = true
      log.warning("systemd can't list the slices of pods: \(error)")
    }
    return slices
  }

  /// Whether the host's init is a systemd that this process can't access.
  static var isHidden: Bool {
    !Systemd.isInit && (try? TextFile.text("/proc/1/comm")) == "systemd\n"
  }

  /// The cgroups of the slices.
  var paths: [String] { Array(units.keys) }

  /// The parent cgroups of the slices, without a slash at either end.
  var roots: Set<String> {
    let usual = Systemd.isInit ? ["\(PodSlice.prefix).slice"] : []
    return Set(paths.map { CgroupPath.root(of: $0) } + usual)
  }

  /// The owner of the slice with a cgroup.
  func owner(of path: String) -> Owner {
    if isUnknown { return .alive("systemd can't be queried") }
    return Self.owner(units[path])
  }

  static func owner(_ unit: SystemdUnit?) -> Owner {
    guard let unit else { return .noSlice }
    guard let owner = PodOwner(description: unit.description)?.incarnation,
      owner.bootID == Incarnation.current().bootID
    else { return .unknown }
    if case .gone? = owner.inspect() { return .dead }
    return .alive("its executor is alive, process \(owner.pid ?? 0)")
  }
}

extension Systemd {
  /// A short time limit: without a response the pass continues, and the next pass tries again.
  fileprivate static var forReaper: Systemd { Systemd(timeout: .seconds(3)) }
}

extension PodSlice {
  /// The current state of its executor.
  func owner() async -> PodSlices.Owner {
    guard Systemd.isInit else {
      return PodSlices.isHidden ? .alive("pod-reaper can't access the host's systemd") : .noSlice
    }
    do {
      return PodSlices.owner(try await Systemd.forReaper.units(unit).first)
    } catch {
      return .alive("\(error)")
    }
  }

  /// Stops a dead executor's slice, which contains no process, and resets the failed scopes of its
  /// containers.
  ///
  /// - Parameter isProven: whether other evidence than the slice proves that the executor is dead.
  /// - Throws: `Refusal` if the slice must be kept; `SystemdError`.
  func stop(isProven: Bool) async throws {
    let owner = await owner()
    if let why = owner.refusal(isProven: isProven) { throw Refusal(description: why) }
    if owner == .noSlice { return }
    try await Systemd.forReaper.stop(unit, resettingFailed: Self.scope(of: "*"))
  }

  /// Why a slice must be kept.
  struct Refusal: Error, CustomStringConvertible { let description: String }
}
