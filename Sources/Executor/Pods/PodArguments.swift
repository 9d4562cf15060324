import ArgumentParser
import DockerEngine
import Linux
import PodObjects
import PodViews
import Program

/// The pod that a command uses.
struct PodArgument: ParsableArguments {
  @Argument(
    help: "The pod: a task ID, executor ID or run, or a unique prefix of one.",
    completion: .custom(PodCompletion.pods))
  var pod: String

  @Option(help: "Only pods of this framework: its ID, or a prefix of it.")
  var framework: String?

  /// Finds the pod.
  ///
  /// - Parameter host: the host's engine.
  /// - Returns: the pod, with its containers.
  /// - Throws: `CommandError` with code 1 where there is none, or several, or the engine can't be
  ///   reached.
  func find(on host: HostPods) async throws -> ListedPod {
    let pods = try await host.list()
    do {
      return try PodSelection(pod: pod, framework: framework).one(of: pods)
    } catch {
      throw CommandError(error.description, code: 1)
    }
  }
}

/// The pods that a command prints: one, those of a framework, or all.
struct PodFilter: ParsableArguments {
  @Argument(
    help:
      "The pod: a task ID, executor ID or run, or a unique prefix of one.",
    completion: .custom(PodCompletion.pods))
  var pod: String?

  @Option(help: "Only pods of this framework: its ID, or a prefix of it.")
  var framework: String?

  /// The selected pods.
  var selection: PodSelection { PodSelection(pod: pod, framework: framework) }

  /// Requires a selection of one pod.
  ///
  /// - Parameter command: the command's name, for the error.
  /// - Returns: the selection.
  /// - Throws: `CommandError` with code 2 where neither POD nor the framework is given.
  func oneSelection(of command: String) throws -> PodSelection {
    if pod == nil, framework == nil {
      throw CommandError("\(command) requires a POD or --framework", code: 2)
    }
    return selection
  }

  /// Finds the pods.
  ///
  /// - Parameter host: the host's engine.
  /// - Returns: the pods, with their containers.
  /// - Throws: `CommandError` with code 1 where POD or the framework matches none or several, or
  ///   the engine can't be reached.
  func find(on host: HostPods) async throws -> [ListedPod] {
    let pods = try await host.list()
    do {
      return try PodSelection(pod: pod, framework: framework).pods(of: pods)
    } catch {
      throw CommandError(error.description, code: 1)
    }
  }
}

/// The pods of this host.
struct HostPods: Sendable {
  let engine: DockerEngine
  private let inventory: PodInventory
  private let observer: PodObserver

  /// Uses the same engine as `run`.
  ///
  /// - Parameters:
  ///   - environment: DOCKER_HOST and the other variables of the docker command.
  ///   - timeout: the longest time for a response of the engine.
  /// - Throws: `CommandError` with code 1 for an invalid variable.
  init(
    environment: [String: String] = ProcessEnvironment.current, timeout: Duration = .seconds(10)
  ) throws {
    do {
      engine = try DockerEngine(environment: environment, requestTimeout: timeout)
    } catch {
      throw CommandError("\(error)", code: 1)
    }
    inventory = PodInventory(engine: engine, doubt: .leaveAlone)
    observer = PodObserver(inventory: inventory)
  }

  /// Lists the pods.
  ///
  /// - Returns: the pods, sorted by task and run.
  /// - Throws: `CommandError` with code 1 where the engine can't be reached.
  func list() async throws -> [ListedPod] {
    do {
      return try await inventory.list()
    } catch let error as EngineError {
      throw CommandError("\(error)", code: 1)
    }
  }

  /// Observes pods: requests their status from their executors, and reads their cgroups.
  ///
  /// - Parameters:
  ///   - selection: selects the pods.
  ///   - measure: the cgroups whose usage is read.
  /// - Returns: the pods, sorted by task and run.
  /// - Throws: `CommandError` with code 1 where the selection matches none or several, or the
  ///   engine can't be reached.
  func observe(
    _ selection: PodSelection, measure: PodObserver.Measure = .containers
  ) async throws -> [PodView] {
    do {
      return try await observer.observe(selection, measure: measure)
    } catch let error as EngineError {
      throw CommandError("\(error)", code: 1)
    } catch let error as PodSelection.Failure {
      throw CommandError(error.description, code: 1)
    }
  }

  /// Observes one pod.
  ///
  /// - Parameter selection: selects the pod.
  /// - Returns: the pod.
  /// - Throws: the errors of `observe`.
  func observeOne(_ selection: PodSelection) async throws -> PodView {
    let views = try await observe(selection)
    do {
      let identity = try selection.one(of: views.map(\.pod)).identity
      if let view = views.first(where: { $0.identity == identity }) { return view }
    } catch {
      throw CommandError(error.description, code: 1)
    }
    throw CommandError("the pod is gone", code: 1)
  }
}
