/// The remaining input budget of one project's files.
///
/// Each file has limits of its own; the budget limits all files of a project together, even if they
/// reference each other.
package final class InputBudget {
  /// The counted resources.
  package enum Resource: Int, CaseIterable, Sendable {
    /// Bytes of all files, counted each time a file is read.
    case bytes
    /// Ports of all services.
    case ports
    /// Mounts and devices of all services in the short form, which are expanded to mappings.
    case mounts
    /// Env files and label files, whether or not they exist: counted where a service names them and
    /// where they are read.
    case files
    /// Variables that env files add to services.
    case variables
    /// Variables that strings use.
    case uses
    /// Bytes of the values of aliases, of services that others extend or whose hooks inherit them,
    /// of env files, and of variables that services name without a value, each counted as often as
    /// it is used.
    case text
    /// Nodes that hooks inherit from their services.
    case copies

    /// The maximum.
    package var limit: Int {
      switch self {
      case .bytes, .text: 32 << 20
      case .ports, .mounts, .files: 20_000
      case .variables, .uses: 200_000
      case .copies: 1_000_000
      }
    }

    /// The message of the error at the maximum.
    var refusal: String {
      switch self {
      case .bytes:
        "the project's files together are larger than the maximum of \(limit) bytes"
      case .ports: "the project's services have more ports than the maximum of \(limit)"
      case .mounts:
        "the project's services have more mounts and devices than the maximum of \(limit)"
      case .files: "the project's files refer to more other files than the maximum of \(limit)"
      case .variables:
        "the files of variables give the services more variables than the maximum of \(limit)"
      case .uses: "more uses of variables than the maximum of \(limit)"
      case .text:
        "aliases, extended services and variables add more than the maximum of \(limit) bytes"
      case .copies:
        "the hooks inherit more keys and list items of their services than the maximum of \(limit)"
      }
    }
  }

  /// The maximum number of keys and list items of all YAML files; repeated aliases count once.
  package static let mostEntries = 150_000

  private var taken = [Int](repeating: 0, count: Resource.allCases.count)
  private var entries = 0
  private var refusal: DiagnosticError?

  /// A full budget.
  package init() {}

  /// Uses a part of the budget.
  ///
  /// - Parameters:
  ///   - count: The amount.
  ///   - resource: The resource.
  ///   - position: The position of the use.
  /// - Throws: `DiagnosticError` if the budget is exceeded. Later calls throw the same error, so
  ///   that a load that collects errors has it only once.
  package func take(
    _ count: Int, _ resource: Resource, at position: SourcePosition?
  ) throws(DiagnosticError) {
    if let refusal { throw refusal }
    taken[resource.rawValue] += count
    guard taken[resource.rawValue] > resource.limit else { return }
    let error = DiagnosticError(resource.refusal, at: position)
    refusal = error
    throw error
  }

  /// Counts keys or list items; false if they exceed the maximum.
  package func takeEntries(_ count: Int = 1) -> Bool {
    entries += count
    return entries <= Self.mostEntries
  }
}
