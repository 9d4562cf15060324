import Concurrency
import Compose
import DockerEngine
import YAML

extension Pod {
  /// Copies the secrets and configs of `content` and `environment` into a container that isn't
  /// running yet.
  ///
  /// - Parameters:
  ///   - container: the container's plan.
  ///   - id: the container's ID.
  /// - Throws: `DiagnosticError` with the line of a file that would replace a directory or be
  ///   written into a mount; `EngineError`.
  func copyFiles(of container: ContainerPlan, into id: String) async throws {
    guard let files = container.copiedFiles() else { return }
    let engine = engine
    try await withoutCancellation {
      var check = CopyCheck(engine: engine, id: id)
      try await check.run(container)
      do {
        try await engine.putArchive(id, at: "/", files)
      } catch let error as EngineError {
        throw container.refusal(ofCopies: error) ?? error
      }
    }
  }
}

/// Finds copies that links of the image redirect into a mount, or to a missing target; the plan
/// can't know the links. Engine 28 creates the directory that such a link names, hidden below
/// `/proc` or `/sys`.
private struct CopyCheck {
  let engine: DockerEngine
  let id: String
  private var links: [String: String?] = [:]

  init(engine: DockerEngine, id: String) {
    self.engine = engine
    self.id = id
  }

  mutating func run(_ container: ContainerPlan) async throws {
    var targets = container.service.mountTargets
    let takesVolumes =
      container.sharesMounts || container.create.hostConfig?.volumesFrom?.isEmpty == false
      || container.references.contains { if case .volumes = $0 { true } else { false } }
    if takesVolumes {
      targets += try await engine.inspectContainer(id).mounts.map(\.destination)
    }
    var real: [String] = []
    for target in targets {
      real.append(target.cleanPath)
      real.append(try await resolve(target.cleanPath).path)
    }
    for copy in container.copies {
      let target = copy.target.cleanPath
      let directory = try await resolve(Path.directory(of: target))
      let path = (directory.path + "/" + Path.name(of: target)).cleanPath
      try copy.check(against: real, at: path)
      if directory.leadsNowhere {
        throw DiagnosticError(
          "\(copy.copying): a part of the path is a dangling link", at: copy.position)
      }
      try copy.checkEngines(at: path)
    }
  }

  /// A path in the container with all existing links resolved.
  private mutating func resolve(
    _ path: String
  ) async throws -> (path: String, leadsNowhere: Bool) {
    var current = ""
    var leadsNowhere = false
    for part in path.split(separator: "/") {
      let next = current + "/" + part
      if let target = try await link(at: next) {
        current = target == "/" ? "" : target
        if try await isMissing(target) { leadsNowhere = true }
      } else {
        current = next
      }
    }
    return (current.isEmpty ? "/" : current, leadsNowhere)
  }

  private func isMissing(_ path: String) async throws -> Bool {
    do {
      _ = try await engine.linkTarget(id, at: path)
      return false
    } catch let error as EngineError {
      guard case .status(let status) = error.kind else { throw error }
      return status == 404
    }
  }

  private mutating func link(at path: String) async throws -> String? {
    if let known = links[path] { return known }
    let target: String?
    do {
      target = try await engine.linkTarget(id, at: path)
    } catch let error as EngineError {
      // Nothing exists at the path. The copy request itself reports other faults.
      guard case .status = error.kind else { throw error }
      target = nil
    }
    links[path] = .some(target)
    return target
  }
}

extension ContainerPlan {
  /// The engine's refusal of an archive, with the line of the file that causes it.
  ///
  /// - Returns: the error; nil for another fault.
  fileprivate func refusal(ofCopies error: EngineError) -> DiagnosticError? {
    guard case .status(let status) = error.kind, status != 404 else { return nil }
    let files = copies.sorted { $0.target.utf8.count > $1.target.utf8.count }
    let named = files.first { error.message.contains($0.target.cleanPath) }
    guard let file = named ?? files.last else { return nil }
    let fault = EngineFault.find(error.message, in: EngineFault.ofCopies) { _, _ in file.position }
    guard let fault else { return nil }
    return DiagnosticError(
      EngineFault.line(file.copying, fault.explanation, engine: error.message), at: file.position)
  }
}

extension FileMount {
  /// The beginning of messages about a failed copy.
  fileprivate var copying: String { "the \(kind.rawValue) `\(name)` can't be copied to \(target)" }
}

extension EngineFault {
  /// Why files can't be copied into a container.
  fileprivate static let ofCopies = [
    EngineFault(
      "cannot overwrite directory", keys: ["file"],
      "the target is an existing directory: choose another target"),
    EngineFault("not a directory", keys: ["file"], "a part of the path is a file"),
    EngineFault(
      "no such file or directory", keys: ["file"], "a part of the path is a dangling link"),
    EngineFault("file exists", keys: ["file"], "a part of the path is not a directory"),
    EngineFault("device or resource busy", keys: ["file"], "something is mounted there"),
    // Engine 28 can't set up such a mount for any copy, whatever its target.
    EngineFault(
      "path escapes from parent", keys: ["file"],
      "something is mounted at a link of the image, and this Docker Engine can't copy files into "
        + "such a container"),
    EngineFault("too many", "links", keys: ["file"], "the links on the path form a loop"),
  ]
}
