import Compose
import YAML

/// What a pod may request of the host: `allow:` in the operator's file.
package struct PodPolicy: Sendable, Equatable {
  /// The values that a permission allows.
  package enum Allowed: Sendable, Equatable {
    /// All values.
    case everything
    /// The listed values, and for paths everything below them; an empty list allows nothing.
    case only([String])
  }

  /// False if the operator restricts nothing; then no check refuses anything.
  package let isRestricted: Bool
  private var grants: [Permission: Allowed] = [:]
  /// The maximum number of processes of a container; nil for no limit.
  package var maxPids: Int?
  /// The maximum number of containers of a pod; nil for no limit.
  package var maxContainers: Int?

  private init(isRestricted: Bool) { self.isRestricted = isRestricted }

  /// No restriction: the policy if the operator's file has no `allow:`.
  package static let unrestricted = PodPolicy(isRestricted: false)

  /// Only plain containers on networks of their own: `allow: {}`.
  package static let strict = PodPolicy(isRestricted: true)

  /// The values that a permission allows.
  package subscript(permission: Permission) -> Allowed {
    get { isRestricted ? grants[permission] ?? .only([]) : .everything }
    set { grants[permission] = newValue == .only([]) ? nil : newValue }
  }

  /// Whether all values of a permission are allowed.
  func allows(_ permission: Permission) -> Bool { self[permission] == .everything }

  /// Whether a value of a permission is allowed.
  package func allows(_ permission: Permission, _ word: String) -> Bool {
    switch self[permission] {
    case .everything: true
    case .only(let words): words.contains(word)
    }
  }

  /// Whether a dotted name is allowed: it is listed, or a listed prefix with `.*` matches it.
  func allows(_ permission: Permission, name: String) -> Bool {
    switch self[permission] {
    case .everything: true
    case .only(let names):
      names.contains { $0 == name || ($0.hasSuffix(".*") && name.hasPrefix($0.dropLast())) }
    }
  }

  /// The directories in addition to the sandbox whose files may be read for a project; nil for all.
  package var readableDirectories: [String]? {
    switch self[.bindMounts] {
    case .everything: nil
    case .only(let words): words.map { $0.hasSuffix(":ro") ? String($0.dropLast(3)) : $0 }
    }
  }

  /// The error for a request that the policy refuses.
  ///
  /// - Parameters:
  ///   - what: the key, and its value if it can have several.
  ///   - permission: the permission that would allow it; nil if none does.
  ///   - word: the value to list; nil if the permission must be `true`.
  ///   - position: the position of the request in the file.
  /// - Returns: the error.
  func refusal(
    _ what: String, _ permission: Permission?, _ word: String? = nil, at position: SourcePosition?
  ) -> DiagnosticError {
    let way = permission?.rawValue ?? "no permission covers it"
    var error = DiagnosticError(
      "\(what) is not allowed on this host (operator's file, allow: \(way))", at: position)
    error.remedy = permission.map { DiagnosticError.Remedy(setting: $0.rawValue, value: word) }
    return error
  }

  /// Refuses a task's check by a command on the host if the policy does not allow hooks.
  ///
  /// - Throws: `DiagnosticError`.
  package func refuseSandboxCheck() throws(DiagnosticError) {
    guard !allows(.hooks) else { return }
    throw refusal("a check by a command in the sandbox (pod.check_service)", .hooks, at: nil)
  }

  /// Refuses a task's hooks if the policy does not allow hooks.
  ///
  /// - Parameter options: the pod's options beyond its file.
  /// - Throws: `DiagnosticError` with the command.
  package func check(_ options: PodOptions) throws(DiagnosticError) {
    guard !allows(.hooks), let hook = options.hooks.first(where: { !$0.isOperators }) else {
      return
    }
    throw refusal("the \(hook.event.rawValue) hook '\(hook.command)'", .hooks, at: nil)
  }
}
