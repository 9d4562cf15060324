import Compose
import YAML

/// What a pod may ask of the host: the `allow:` part of the operator's file.
public struct PodPolicy: Sendable, Equatable {
  /// What is permitted of a kind.
  public enum Allowed: Sendable, Equatable {
    /// Everything.
    case everything
    /// What is listed, and for paths what lies below; an empty list permits nothing.
    case only([String])
  }

  /// False where the operator restricts nothing: no check refuses anything then.
  package let isRestricted: Bool
  private var grants: [Permission: Allowed] = [:]
  /// The most processes that a container may have; nil for no bound.
  package var maxPids: Int?
  /// The most containers that a pod may have; nil for no bound.
  package var maxContainers: Int?

  private init(isRestricted: Bool) { self.isRestricted = isRestricted }

  /// No restriction: what holds where the operator's file has no `allow:`.
  public static let unrestricted = PodPolicy(isRestricted: false)

  /// Nothing but plain containers on networks of their own: `allow: {}`.
  public static let strict = PodPolicy(isRestricted: true)

  /// What a permission opens.
  package subscript(permission: Permission) -> Allowed {
    get { isRestricted ? grants[permission] ?? .only([]) : .everything }
    set { grants[permission] = newValue == .only([]) ? nil : newValue }
  }

  /// Whether everything of a kind is permitted.
  func allows(_ permission: Permission) -> Bool { self[permission] == .everything }

  /// Whether a word of a kind is permitted.
  package func allows(_ permission: Permission, _ word: String) -> Bool {
    switch self[permission] {
    case .everything: true
    case .only(let words): words.contains(word)
    }
  }

  /// Whether a dotted name is permitted: it is listed, or a listed name ends in `.*` and begins it.
  func allows(_ permission: Permission, name: String) -> Bool {
    switch self[permission] {
    case .everything: true
    case .only(let names):
      names.contains { $0 == name || ($0.hasSuffix(".*") && name.hasPrefix($0.dropLast())) }
    }
  }

  /// The directories besides the sandbox whose files may be read for a project; nil for all files.
  package var readableDirectories: [String]? {
    switch self[.bindMounts] {
    case .everything: nil
    case .only(let words): words.map { $0.hasSuffix(":ro") ? String($0.dropLast(3)) : $0 }
    }
  }

  /// The error for what a policy refuses.
  ///
  /// - Parameters:
  ///   - what: the key, and its value where it has several.
  ///   - permission: what would permit it; nil where nothing does.
  ///   - word: what would have to be listed; nil where the permission has to be `true`.
  ///   - position: where the file asks for it.
  /// - Returns: the error.
  func refusal(
    _ what: String, _ permission: Permission?, _ word: String? = nil, at position: SourcePosition?
  ) -> ComposeError {
    let way = permission?.rawValue ?? "nothing there permits it"
    var error = ComposeError(
      "\(what) is not allowed on this host (operator's file, allow: \(way))", at: position)
    error.remedy = permission.map { ComposeError.Remedy(setting: $0.rawValue, value: word) }
    return error
  }

  /// Refuses a task's check by a command on the host where the policy has no hooks.
  ///
  /// - Throws: `ComposeError`.
  public func refuseSandboxCheck() throws(ComposeError) {
    guard !allows(.hooks) else { return }
    throw refusal("a check by a command in the sandbox (pod.check_service)", .hooks, at: nil)
  }

  /// Refuses hooks that a task names where the policy has none.
  ///
  /// - Parameter options: what the pod does beyond its file.
  /// - Throws: `ComposeError` with the command.
  public func check(_ options: PodOptions) throws(ComposeError) {
    guard !allows(.hooks), let hook = options.hooks.first(where: { !$0.isOperators }) else {
      return
    }
    throw refusal("the \(hook.event.rawValue) hook '\(hook.command)'", .hooks, at: nil)
  }
}
