import ArgumentParser
import DockerEngine
import Linux
import PodObjects
import PodViews
import Program

/// The pod that a command works on.
struct PodArgument: ParsableArguments {
  @Argument(
    help: "The pod: a task ID, executor ID or run, or the beginning of one that no other pod has.",
    completion: .custom(PodCompletion.pods))
  var pod: String

  @Option(help: "Only pods of this framework: its ID, or the beginning of it.")
  var framework: String?

  /// Finds the pod.
  ///
  /// - Parameter host: the host's engine.
  /// - Returns: the pod, with its containers.
  /// - Throws: `CommandFailure` with code 1 where there is none, or several, or the engine can't be reached.
  func find(on host: HostPods) async throws -> ListedPod {
    let pods = try await host.list()
    do {
      return try PodSelection(pod: pod, framework: framework).one(of: pods)
    } catch {
      throw CommandFailure(error.description, code: 1)
    }
  }
}

/// The pods that a command shows: one, those of a framework, or all.
struct PodFilter: ParsableArguments {
  @Argument(
    help:
      "The pod: a task ID, executor ID or run, or the beginning of one that no other pod has.",
    completion: .custom(PodCompletion.pods))
  var pod: String?

  @Option(help: "Only pods of this framework: its ID, or the beginning of it.")
  var framework: String?

  /// What is named.
  var selection: PodSelection { PodSelection(pod: pod, framework: framework) }

  /// What names one pod.
  ///
  /// - Parameter command: the command's name, for the error.
  /// - Returns: the selection.
  /// - Throws: `CommandFailure` with code 2 where neither POD nor the framework is given.
  func oneSelection(of command: String) throws -> PodSelection {
    if pod == nil, framework == nil {
      throw CommandFailure("\(command) takes a POD, or --framework", code: 2)
    }
    return selection
  }

  /// Finds the pods.
  ///
  /// - Parameter host: the host's engine.
  /// - Returns: the pods, with their containers.
  /// - Throws: `CommandFailure` with code 1 where POD or the framework names none or several, or the engine can't be reached.
  func find(on host: HostPods) async throws -> [ListedPod] {
    let pods = try await host.list()
    do {
      return try PodSelection(pod: pod, framework: framework).pods(of: pods)
    } catch {
      throw CommandFailure(error.description, code: 1)
    }
  }
}

/// The pods of this host.
struct HostPods: Sendable {
  let engine: DockerEngine
  private let inventory: PodInventory
  private let observer: PodObserver

  /// Uses the engine that `run` uses.
  ///
  /// - Parameters:
  ///   - environment: DOCKER_HOST and its kin.
  ///   - timeout: how long the engine may take for a response.
  /// - Throws: `CommandFailure` with code 1 for a variable that names no engine.
  init(
    environment: [String: String] = ProcessEnvironment.current, timeout: Duration = .seconds(10)
  ) throws {
    do {
      engine = try DockerEngine(environment: environment, requestTimeout: timeout)
    } catch {
      throw CommandFailure("\(error)", code: 1)
    }
    inventory = PodInventory(engine: engine, doubt: .leaveAlone)
    observer = PodObserver(inventory: inventory)
  }

  /// Lists the pods.
  ///
  /// - Returns: the pods, sorted by task and run.
  /// - Throws: `CommandFailure` with code 1 where the engine can't be reached.
  func list() async throws -> [ListedPod] {
    do {
      return try await inventory.list()
    } catch let error as EngineError {
      throw CommandFailure("\(error)", code: 1)
    }
  }

  /// Observes pods: their executors are asked, and their cgroups read.
  ///
  /// - Parameters:
  ///   - selection: which of them.
  ///   - measure: what is read of cgroups.
  /// - Returns: the pods, sorted by task and run.
  /// - Throws: `CommandFailure` with code 1 where the selection names none or several, or the engine can't be reached.
  func observe(
    _ selection: PodSelection, measure: PodObserver.Measure = .containers
  ) async throws -> [PodView] {
    do {
      return try await observer.observe(selection, measure: measure)
    } catch let error as EngineError {
      throw CommandFailure("\(error)", code: 1)
    } catch let error as PodSelection.Failure {
      throw CommandFailure(error.description, code: 1)
    }
  }

  /// Observes one pod.
  ///
  /// - Parameter selection: the pod.
  /// - Returns: the pod.
  /// - Throws: as `observe`.
  func observeOne(_ selection: PodSelection) async throws -> PodView {
    let views = try await observe(selection)
    do {
      let identity = try selection.one(of: views.map(\.pod)).identity
      if let view = views.first(where: { $0.identity == identity }) { return view }
    } catch {
      throw CommandFailure(error.description, code: 1)
    }
    throw CommandFailure("the pod has ended", code: 1)
  }
}
