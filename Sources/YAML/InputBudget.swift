/// How much the files of one project may still ask for.
///
/// Each file has bounds of its own; these bound what a project's files cost together, however they name each other.
public final class InputBudget {
  /// What is counted.
  public enum Resource: Int, CaseIterable, Sendable {
    /// Bytes of all files, each counted as often as it is read.
    case bytes
    /// Ports of all services.
    case ports
    /// Mounts and devices of all services in the short form, which become mappings.
    case mounts
    /// Files of variables and labels, whether or not they exist: counted where a service names them and where they are
    /// read.
    case files
    /// Variables that files of variables give to services.
    case variables
    /// Variables that strings use.
    case uses

    /// The most of it.
    public var limit: Int {
      switch self {
      case .bytes: 32 << 20
      case .ports, .mounts, .files: 20_000
      case .variables, .uses: 200_000
      }
    }

    /// The error where it is too much.
    var refusal: String {
      switch self {
      case .bytes:
        "the project's files have more than \(limit) bytes together; more are not read"
      case .ports: "the project's services have more than \(limit) ports; more are not read"
      case .mounts:
        "the project's services have more than \(limit) mounts and devices; more are not read"
      case .files: "the project's files name more than \(limit) other files; more are not read"
      case .variables:
        "the files of variables give all services more than \(limit) together; more are not read"
      case .uses: "more than \(limit) variables are used; more are not replaced"
      }
    }
  }

  /// Keys and list items of all YAML files; of what aliases unfold to, each once.
  public static let mostEntries = 150_000

  private var taken = [Int](repeating: 0, count: Resource.allCases.count)
  private var entries = 0
  private var refusal: ComposeError?

  /// A whole budget.
  public init() {}

  /// Counts what is asked for.
  ///
  /// - Parameters:
  ///   - count: how much.
  ///   - resource: of what.
  ///   - position: where it is asked for.
  /// - Throws: `ComposeError` where it is too much; from then on always the same one, so that a load which collects
  ///   faults has one of them.
  public func take(
    _ count: Int, _ resource: Resource, at position: SourcePosition?
  ) throws(ComposeError) {
    if let refusal { throw refusal }
    taken[resource.rawValue] += count
    guard taken[resource.rawValue] > resource.limit else { return }
    let error = ComposeError(resource.refusal, at: position)
    refusal = error
    throw error
  }

  /// Counts a key or a list item; false where it is one too many.
  func takeEntry() -> Bool {
    entries += 1
    return entries <= Self.mostEntries
  }
}
