import Cgroups
import DockerEngine
import Glibc
import PodControl
import PodIdentity
import PodObjects

/// Observes the pods of a host through the engine's lists, the process table, the executors'
/// control sockets and the cgroups.
package struct PodObserver: Sendable {
  private let inventory: PodInventory
  private let sockets: String
  private let reader: CgroupReader
  private let host: HostView

  private let patience: Duration
  /// The time between the two samples of CPU time.
  static let sample = Duration.milliseconds(100)

  /// An observer.
  ///
  /// - Parameters:
  ///   - inventory: lists the engine's objects.
  ///   - sockets: the directory of control sockets.
  ///   - reader: reads cgroups.
  ///   - patience: the longest time for an executor's response.
  package init(
    inventory: PodInventory, sockets: String = ControlSocket.standardDirectory,
    reader: CgroupReader = CgroupReader(), patience: Duration = .seconds(1)
  ) {
    (self.inventory, self.sockets, self.reader) = (inventory, sockets, reader)
    self.patience = patience
    host = HostView(engineIsLocal: inventory.engine.endpoint.isLocal)
  }

  /// The cgroups whose usage is read.
  package enum Measure: Sendable {
    case nothing
    /// The cgroup of each pod.
    case pods
    /// The cgroups of each pod and of its containers.
    case containers
  }

  /// Observes pods once.
  ///
  /// - Parameters:
  ///   - selection: selects the pods.
  ///   - measure: the cgroups whose usage is read. CPU time needs two samples.
  /// - Returns: the pods, sorted by task and run.
  /// - Throws: `EngineError` where the engine can't be reached; `PodSelection.Failure`.
  package func observe(
    _ selection: PodSelection, measure: Measure = .containers
  ) async throws -> [PodView] {
    async let reported = responses()
    let listed = try await inventory.list()
    // The first sample is taken as early as possible, so that executors respond between the two
    // samples.
    let start = ContinuousClock.now
    var before: [PodIdentity: PodUsage] = [:]
    if measure != .nothing {
      for pod in listed { before[pod.identity] = PodUsage(of: pod, measure, reader) }
    }
    let all = views(of: listed, await reported)
    let names = Set(try selection.pods(of: all.map(\.pod)).map(\.identity))
    let views = all.filter { names.contains($0.identity) }
    if measure == .nothing { return views }
    let rest = Self.sample - (.now - start)
    if rest > .zero { try await Task.sleep(for: rest) }
    return views.map { view in
      let after = PodUsage(of: view.pod, measure, reader)
      return view.measured(before[view.identity], after, .now - start)
    }
  }

  private struct Response: Sendable {
    let socket: ControlSocket
    let result: Result<[PodStatus], ControlError>
  }

  /// Requests the status from all executors concurrently.
  private func responses() async -> [Response] {
    await withTaskGroup(of: Response.self) { group in
      for socket in ControlSocket.all(in: sockets) where !socket.isAbandoned {
        group.addTask {
          do throws(ControlError) {
            let statuses = try await ControlClient(socket).status(within: patience)
            return Response(socket: socket, result: .success(statuses))
          } catch {
            return Response(socket: socket, result: .failure(error))
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }

  private func views(of listed: [ListedPod], _ responses: [Response]) -> [PodView] {
    var reported: [String: Response] = [:]
    for response in responses { reported[response.socket.name] = response }
    let isHidden = access(sockets, R_OK) != 0 && errno == EACCES
    var statuses = reported.mapValues { (try? $0.result.get()) ?? [] }
    var views = listed.map { pod in
      let executor = ExecutorPresence(of: pod.identity, on: host)
      let name = ControlSocket(pod.identity, directory: sockets).name
      let index = statuses[name]?.firstIndex { $0.task == pod.identity.taskID }
      let status = executor == .dead ? nil : index.flatMap { statuses[name]?.remove(at: $0) }
      var view = PodView(pod: pod, executor: executor, status: status)
      if status == nil, executor != .dead {
        if case .failure(let error)? = reported[name]?.result {
          view.silence = error.description
        } else {
          view.silence = (isHidden ? ControlError.denied : .absent).description
        }
      }
      return view
    }
    // A pod that is launching may have no objects in the engine yet.
    for response in responses {
      for status in statuses[response.socket.name] ?? [] {
        let identity = PodIdentity(status, host: host, socket: response.socket)
        views.append(PodView(pod: ListedPod(identity: identity), executor: .alive, status: status))
      }
    }
    return views.sorted { $0.pod.precedes($1.pod) }
  }
}

/// One sample of a pod's cgroups.
struct PodUsage: Sendable {
  let pod: CgroupFigures?
  /// By container ID.
  let containers: [String: CgroupFigures]

  init(of pod: ListedPod, _ measure: PodObserver.Measure, _ reader: CgroupReader) {
    self.pod = reader.figures(of: pod.identity.cgroupParent)
    var containers: [String: CgroupFigures] = [:]
    for container in pod.services
    where measure == .containers && container.summary.state != "exited" {
      guard let path = pod.cgroup(of: container) else { continue }
      containers[container.id] = reader.figures(of: path)
    }
    self.containers = containers
  }
}

extension ListedPod {
  /// The cgroup of a container, for the engine's cgroup driver.
  ///
  /// - Parameter container: a container of this pod.
  /// - Returns: the path below the roots of the hierarchies; nil where the engine's ID is not
  ///   valid.
  package func cgroup(of container: ListedContainer) -> String? {
    guard !container.id.isEmpty, container.id.utf8.allSatisfy({ isHexDigit($0) }) else {
      return nil
    }
    let name = identity.slice == nil ? container.id : PodSlice.scope(of: container.id)
    return "\(identity.cgroupParent)/\(name)"
  }

  private func isHexDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
  }
}

extension PodView {
  /// The view with its usage.
  fileprivate func measured(
    _ before: PodUsage?, _ after: PodUsage, _ span: Duration
  ) -> PodView {
    var view = self
    view.figures = after.pod
    view.processors = Self.processors(before?.pod, after.pod, span)
    for index in services.indices {
      guard let id = services[index].container?.id else { continue }
      view.services[index].figures = after.containers[id]
      view.services[index].processors = Self.processors(
        before?.containers[id], after.containers[id], span)
    }
    return view
  }

  static func processors(
    _ before: CgroupFigures?, _ after: CgroupFigures?, _ span: Duration
  ) -> Double? {
    guard let first = before?.seconds, let last = after?.seconds, last >= first, span > .zero
    else { return nil }
    return (last - first) / (span / .seconds(1))
  }
}

extension PodIdentity {
  /// The identity of a pod that only its executor reports.
  fileprivate init(_ status: PodStatus, host: HostView, socket: ControlSocket) {
    self.init(
      frameworkID: status.framework ?? "", executorID: status.executor ?? status.task,
      taskID: status.task, run: status.run, agentID: "",
      incarnation: Incarnation(
        bootID: host.bootID, pid: socket.pid, startTime: socket.startTime),
      host: HostIdentity(machineID: host.machineID), cgroupParent: "")
  }
}
