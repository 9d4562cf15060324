import OrderedCollections
import YAML

extension ComposeLoader {
  /// Collects all errors of the files that no other error hides: wrong values, unknown keys and
  /// wrong references, each at its position, and the error that ``load(_:)`` throws. A file without
  /// these has the errors of values that only a launch refuses. A file that isn't valid YAML has one
  /// error.
  ///
  /// - Parameter options: The files and variables.
  /// - Returns: The errors sorted by file, line and column, errors without a position first; and
  ///   the project's warnings.
  package static func faults(
    _ options: LoadOptions
  ) -> (faults: [DiagnosticError], warnings: [Located<String>]) {
    var options = options
    options.contents = options.contents ?? FileContents()
    let first: DiagnosticError
    do throws(DiagnosticError) {
      let project = try load(options)
      return (project.faults.sorted(by: precedes), project.warnings)
    } catch {
      first = error
    }
    let collector = FaultCollector()
    var environment = InterpolationEnvironment(options)
    do throws(DiagnosticError) {
      _ = try load(options, &environment, collecting: collector)
    } catch {
      collector.add(error)
    }
    let found = FaultCollector()
    for fault in collector.faults { found.add(environment.findings.unset.explaining(fault)) }
    found.add(first)
    let faults = found.faults + (collector.isFull ? [FaultCollector.tooMany] : [])
    return (faults.sorted(by: precedes), first.warnings)
  }

  /// Sorts errors by file, line and column; errors without a position come first.
  package static func precedes(_ left: DiagnosticError, _ right: DiagnosticError) -> Bool {
    guard let one = left.position, let other = right.position else {
      return left.position == nil && right.position != nil
    }
    return (one.file, one.line, one.column, left.message)
      < (other.file, other.line, other.column, right.message)
  }
}

/// Finds the keys that lead to a position in a file's tree.
package struct FileKeys: Sendable {
  private struct Location {
    let line: Int
    let column: Int
    let keys: String
  }

  /// Sorted by line and column; of several at one position, the innermost comes last.
  private let locations: [Location]

  /// Reads a file. A file that isn't valid YAML has no keys.
  ///
  /// - Parameters:
  ///   - file: The path of the file.
  ///   - contents: File contents that were already read.
  package init(ofFile file: String, _ contents: FileContents? = nil) {
    let bytes =
      if let known = contents?.result(of: file) {
        try? known.get()
      } else {
        file == "-" ? nil : try? Path.read(file, limit: YAMLParser.Limit.bytes)
      }
    let documents = bytes.flatMap { try? YAMLParser.documents(in: $0, file: file) }
    var locations: [Location] = []
    func add(_ position: SourcePosition, _ keys: String) {
      locations.append(Location(line: position.line, column: position.column, keys: keys))
    }
    func walk(_ node: YAMLNode, _ keys: String) {
      if !keys.isEmpty { add(node.position, keys) }
      for (key, entry) in node.mapping ?? [:] {
        let inner = keys.isEmpty ? key : "\(keys).\(key)"
        add(entry.keyPosition, inner)
        walk(entry.value, inner)
      }
      for (index, item) in (node.sequence ?? []).enumerated() { walk(item, "\(keys)[\(index)]") }
    }
    for document in documents ?? [] { walk(document.root, "") }
    let order = locations.indices.sorted {
      (locations[$0].line, locations[$0].column, $0) < (
        locations[$1].line, locations[$1].column, $1
      )
    }
    self.locations = order.map { locations[$0] }
  }

  /// The keys that lead to a position, such as `services.web.ports[0]`.
  ///
  /// - Parameter position: A line and column of the file.
  /// - Returns: The keys; nil if no key precedes the position.
  package func keys(to position: SourcePosition) -> String? {
    var (low, high) = (0, locations.count)
    while low < high {
      let middle = (low + high) / 2
      let location = locations[middle]
      if (location.line, location.column) <= (position.line, position.column) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low == 0 ? nil : locations[low - 1].keys
  }
}
