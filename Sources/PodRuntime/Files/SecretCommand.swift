import Compose
import Glibc
import JSON
import Linux
import OrderedCollections
import SystemPackage
import YAML

/// The operator's program that provides the values of external secrets and configs.
struct SecretCommand: Sendable {
  /// Time limit for one value.
  static let limit: Duration = .seconds(30)
  /// Maximum bytes of a value.
  static let mostBytes = 1 << 20
  /// Maximum number of values fetched at once.
  static let mostAtOnce = 8

  /// The program's absolute path.
  let path: String
  /// The task's description for the program.
  let task: TaskDescription
  /// Time limit for one value.
  var limit = SecretCommand.limit

  /// The description of a task in the program's input.
  struct TaskDescription: Encodable, Sendable {
    let id: String
    let frameworkID: String
    let executorID: String
    let agentID: String
    var user: String?
    var principal: String?
    var roles: [String]?

    enum CodingKeys: String, CodingKey {
      case id, user, principal, roles
      case frameworkID = "framework_id"
      case executorID = "executor_id"
      case agentID = "agent_id"
    }
  }

  private struct Question: Encodable {
    let name: String
    let kind: String
    let labels: [String: String]
    let task: TaskDescription
  }

  /// Fetches the value of each secret and config once.
  ///
  /// - Parameter mounts: the mounts whose values are needed.
  /// - Returns: the values.
  /// - Throws: `DiagnosticError` with the line of one that the program doesn't provide;
  ///   `CancellationError`.
  func values(of mounts: [ExternalMount]) async throws -> [ExternalValue: [UInt8]] {
    var wanted: OrderedDictionary<ExternalValue, ExternalMount> = [:]
    for mount in mounts where wanted[mount.file.value] == nil { wanted[mount.file.value] = mount }
    guard let first = mounts.first else { return [:] }
    // From here on this process's memory may hold values.
    CoreDump.forbid()
    do {
      try Self.check(path)
    } catch let fault as Fault {
      throw DiagnosticError(
        "\(first.subject) can't be fetched: the operator's secret-command \(path) \(fault.description)",
        at: first.source.position)
    }
    var open = Array(wanted.values)[...]
    var values: [ExternalValue: [UInt8]] = [:]
    return try await withThrowingTaskGroup(of: (ExternalValue, [UInt8]).self) { group in
      var running = 0
      while !open.isEmpty || running > 0 {
        while running < Self.mostAtOnce, let mount = open.popFirst() {
          group.addTask { (mount.file.value, try await value(of: mount)) }
          running += 1
        }
        guard let (key, value) = try await group.next() else { break }
        values[key] = value
        running -= 1
      }
      return values
    }
  }

  private func value(of mount: ExternalMount) async throws -> [UInt8] {
    do {
      return try await ask(
        Question(
          name: mount.source.name, kind: mount.file.value.kind.rawValue,
          labels: mount.source.labels,
          task: task))
    } catch let fault as Fault {
      throw DiagnosticError(
        "\(mount.subject) can't be fetched: the operator's secret-command \(fault.description)",
        at: mount.source.position)
    }
  }

  /// Runs the program for one value. The output goes to pipes, since a file could be written to a
  /// disk.
  private func ask(_ question: Question) async throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = String(decoding: try encoder.encode(question), as: UTF8.self)
    let input = try UnlinkedFile.with(text)
    defer { try? input.close() }
    let output = try BoundedPipe(most: Self.mostBytes)
    let errors: BoundedPipe
    do { errors = try BoundedPipe(most: 1 << 12) } catch {
      output.finish()
      throw error
    }
    let program = SupervisedProcess(
      path, [], environment: ["PATH": TrustedPrograms.path, "LANG": "C.UTF-8"], directory: "/")
    let ending: Result<SupervisedProcess.Ending?, any Error>
    do {
      ending = .success(
        try await program.run(
          within: limit, input: input, output: output.writer, error: errors.writer))
    } catch {
      ending = .failure(error)
    }
    output.finish()
    errors.finish()
    let (value, isWhole) = await output.bytes()
    let (complaint, _) = await errors.bytes()
    switch ending {
    case .failure(let error as CancellationError): throw error
    case .failure(let error): throw Fault("\(path) can't be run: \(error)")
    case .success(nil):
      throw Fault("took longer than \(limit.components.seconds) s")
    case .success(.signaled(let signal)?):
      if !isWhole { throw Self.tooLong }
      throw Fault("was killed by signal \(signal)")
    case .success(.exited(let code)?):
      if !isWhole { throw Self.tooLong }
      guard code == 0 else {
        throw Fault(
          "refused the request: \(Self.line(complaint, without: value) ?? "exit code \(code)")")
      }
    }
    if value.isEmpty { throw Fault("returned an empty value") }
    return value
  }

  private static let tooLong = Fault("returned more than \(mostBytes) bytes")

  /// The first line of the program's error output; nil if there is none, or if the line contains
  /// the value.
  private static func line(_ complaint: [UInt8], without value: [UInt8]) -> String? {
    let text = String(decoding: complaint, as: UTF8.self)
    let secret = String(decoding: value, as: UTF8.self).split(whereSeparator: \.isNewline).first
    guard let line = text.split(whereSeparator: \.isNewline).first else { return nil }
    if let secret, line.contains(secret) { return nil }
    let plain = String(
      line.unicodeScalars.filter { $0.properties.generalCategory != .control }.prefix(500)
        .map(Character.init))
    return plain.isEmpty ? nil : plain
  }

  /// Refuses a program that a user other than root could have written.
  ///
  /// - Parameter path: the program.
  /// - Throws: `Fault`.
  static func check(_ path: String) throws {
    guard path.hasPrefix("/") else { throw Fault("is not an absolute path") }
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw Fault("can't be used: \(Errno(rawValue: errno))")
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Fault("is not a regular file") }
    guard status.st_uid == 0, status.st_mode & 0o022 == 0 else {
      throw Fault("must be owned by root and writable only by root")
    }
    guard status.st_mode & 0o111 != 0, access(path, X_OK) == 0 else {
      throw Fault("is not executable")
    }
    // A user who can write a directory can replace the program, unless the sticky bit protects
    // root's files.
    var directory = RealPath.of(path)
    while directory != "/" {
      directory = Path.directory(of: directory)
      guard stat(directory, &status) == 0 else { continue }
      if status.st_uid != 0 || status.st_mode & 0o022 != 0 && status.st_mode & S_ISVTX == 0 {
        throw Fault("is in \(directory), which users other than root can write")
      }
    }
  }

  /// The fault, as the rest of a sentence whose subject is the program.
  struct Fault: Error {
    let description: String
    init(_ description: String) { self.description = description }
  }
}
