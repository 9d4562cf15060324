import OrderedCollections
import YAML

extension ComposeLoader {
  /// All that is wrong with the files, as far as one fault doesn't hide others: values, unknown keys and references each at
  /// their position, and the one that ``load(_:)`` throws. A file that isn't YAML has one fault.
  ///
  /// - Parameter options: which files, and with which variables.
  /// - Returns: the faults by file, line and column, those without a position first; the project's warnings.
  public static func faults(
    _ options: LoadOptions
  ) -> (faults: [ComposeError], warnings: [Located<String>]) {
    let first: ComposeError
    do throws(ComposeError) {
      return ([], try load(options).warnings)
    } catch {
      first = error
    }
    let collector = FaultCollector()
    var environment = InterpolationEnvironment(options)
    do throws(ComposeError) {
      _ = try load(options, &environment, collecting: collector)
    } catch {
      collector.add(error)
    }
    let found = FaultCollector()
    for fault in collector.faults { found.add(environment.findings.unset.explaining(fault)) }
    found.add(first)
    return (found.faults.sorted(by: precedes), first.warnings)
  }

  /// The order of faults: by file, line and column, those without a position first.
  package static func precedes(_ left: ComposeError, _ right: ComposeError) -> Bool {
    guard let one = left.position, let other = right.position else {
      return left.position == nil && right.position != nil
    }
    return (one.file, one.line, one.column, left.message)
      < (other.file, other.line, other.column, right.message)
  }
}

/// Where in a file's tree a position is.
public struct FileKeys: Sendable {
  private let documents: [YAMLNode]

  /// Reads a file; one that isn't YAML has no keys.
  ///
  /// - Parameter file: its path.
  public init(ofFile file: String) {
    let bytes = file == "-" ? nil : try? Path.read(file, limit: YAMLParser.Limit.bytes)
    let documents = bytes.flatMap { try? YAMLParser.documents(in: $0, file: file) }
    self.documents = documents?.map(\.root) ?? []
  }

  /// The keys that lead to a position, such as `services.web.ports[0]`.
  ///
  /// - Parameter position: a line and a column of the file.
  /// - Returns: nil where nothing leads there.
  public func keys(to position: SourcePosition) -> String? {
    var best: (line: Int, column: Int, keys: String)?
    func visit(_ start: SourcePosition, _ keys: String) {
      guard (start.line, start.column) <= (position.line, position.column) else { return }
      if let known = best, (start.line, start.column) < (known.line, known.column) { return }
      best = (start.line, start.column, keys)
    }
    func walk(_ node: YAMLNode, _ keys: String) {
      if !keys.isEmpty { visit(node.position, keys) }
      for (key, entry) in node.mapping ?? [:] {
        let inner = keys.isEmpty ? key : "\(keys).\(key)"
        visit(entry.keyPosition, inner)
        walk(entry.value, inner)
      }
      for (index, item) in (node.sequence ?? []).enumerated() { walk(item, "\(keys)[\(index)]") }
    }
    for root in documents { walk(root, "") }
    return best?.keys
  }
}
