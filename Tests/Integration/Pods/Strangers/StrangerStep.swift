/// An operation of a stranger on the engine of a pod.
enum StrangerOperation: Sendable, Equatable, CustomStringConvertible {
  enum Object: String, Sendable, CaseIterable { case container, network, volume, image }

  case prune(Object, all: Bool)
  case systemPrune(all: Bool, volumes: Bool)
  case rename(String)
  case update(String)
  case pause(String, milliseconds: Int)
  /// SIGSTOP, later SIGCONT, to the first process of a container.
  case freeze(String, milliseconds: Int)
  case disconnect(String, milliseconds: Int?)
  /// The pod's container joins the stranger's network.
  case connect(String)
  /// The stranger's container joins the pod's network for some time.
  case visit(milliseconds: Int)
  case removeImage
  case tag
  case commitAndRun(String)
  /// `docker rm -f` of a service's container; of the infrastructure container if it is nil.
  case remove(String?)
  case restartEngine(kill: Bool, live: Bool)
  /// SIGSTOP, later SIGCONT, to dockerd.
  case hangEngine(milliseconds: Int)

  var description: String {
    switch self {
    case .prune(let object, let all): "\(object.rawValue) prune -f\(all ? " -a" : "")"
    case .systemPrune(let all, let volumes):
      "system prune -f\(all ? " -a" : "")\(volumes ? " --volumes" : "")"
    case .rename(let service): "rename \(service)"
    case .update(let service): "update \(service)"
    case .pause(let service, let time): "pause \(service) for \(time) ms"
    case .freeze(let service, let time): "kill -STOP \(service) for \(time) ms"
    case .disconnect(let service, let time):
      "network disconnect \(service)" + (time.map { " for \($0) ms" } ?? "")
    case .connect(let service): "network connect \(service) to the stranger's network"
    case .visit(let time): "network connect the stranger to the pod's network for \(time) ms"
    case .removeImage: "rmi"
    case .tag: "tag"
    case .commitAndRun(let service): "commit \(service) and run the copy"
    case .remove(let service): "rm -f \(service ?? "the infrastructure container")"
    case .restartEngine(let kill, let live):
      "engine restart by \(kill ? "KILL" : "TERM")\(live ? " with live-restore" : "")"
    case .hangEngine(let time): "kill -STOP dockerd for \(time) ms"
    }
  }

  /// The service whose container it needs.
  var service: String? {
    switch self {
    case .rename(let name), .update(let name), .pause(let name, _), .freeze(let name, _),
      .disconnect(let name, _), .connect(let name), .commitAndRun(let name):
      name
    case .remove(let name): name
    case .prune, .systemPrune, .visit, .removeImage, .tag, .restartEngine, .hangEngine: nil
    }
  }

  /// It can remove the name of an image, or an image without containers.
  var removesImages: Bool {
    switch self {
    case .prune(.image, let all), .systemPrune(let all, _): all
    case .removeImage: true
    default: false
    }
  }
}

/// An operation and its time, in milliseconds since the executor's start.
struct StrangerStep: Sendable, Equatable, CustomStringConvertible {
  var milliseconds: Int
  var operation: StrangerOperation

  var description: String { "\(milliseconds) ms: \(operation)" }
}

/// How a round stops its pod.
enum StrangerEnd: Sendable, Equatable, CustomStringConvertible {
  /// By TERM after the pod has come to rest after the last operation; a pod of jobs by itself.
  case settled
  /// By TERM at a moment, whether or not operations are left.
  case term(milliseconds: Int)
  /// By SIGKILL to the executor at a moment; the reaper does the rest.
  case kill(milliseconds: Int)

  var description: String {
    switch self {
    case .settled: "ended once it has settled"
    case .term(let time): "TERM after \(time) ms"
    case .kill(let time): "executor killed after \(time) ms"
    }
  }
}

/// One round: a pod, the stranger's operations, and the way the pod stops.
struct StrangerCase: Sendable, Equatable, CustomStringConvertible {
  var pod: StrangerPod
  var steps: [StrangerStep]
  var end: StrangerEnd

  var description: String {
    (["options \(pod.options), image \(pod.image)", pod.yaml(image: "IMAGE")]
      + steps.map(\.description) + ["\(end)"]).joined(separator: "\n")
  }
}
