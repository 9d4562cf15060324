import OrderedCollections
import YAML

extension ComposeLoader {
  /// Collects all errors of the files that no other error hides: wrong values, unknown keys and
  /// wrong references, each at its position, and the error that ``load(_:)`` throws. A file that
  /// isn't valid YAML has one error.
  ///
  /// - Parameter options: The files and variables.
  /// - Returns: The errors sorted by file, line and column, errors without a position first; and
  ///   the project's warnings.
  public static func faults(
    _ options: LoadOptions
  ) -> (faults: [ComposeError], warnings: [Located<String>]) {
    var options = options
    options.contents = options.contents ?? FileContents()
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
    let faults = found.faults + (collector.isFull ? [FaultCollector.tooMany] : [])
    return (faults.sorted(by: precedes), first.warnings)
  }

  /// Sorts errors by file, line and column; errors without a position come first.
  package static func precedes(_ left: ComposeError, _ right: ComposeError) -> Bool {
    guard let one = left.position, let other = right.position else {
      return left.position == nil && right.position != nil
    }
    return (one.file, one.line, one.column, left.message)
      < (other.file, other.line, other.column, right.message)
  }
}

/// Finds the keys that lead to a position in a file's tree.
public struct FileKeys: Sendable {
  private struct Place {
    let line: Int
    let column: Int
    let keys: String
  }

  /// Sorted by line and column; of several at one position, the innermost comes last.
  private let places: [Place]

  /// Reads a file. A file that isn't valid YAML has no keys.
  ///
  /// - Parameters:
  ///   - file: The path of the file.
  ///   - contents: File contents that were already read.
  public init(ofFile file: String, _ contents: FileContents? = nil) {
    let bytes =
      contents?.bytes(of: file)
      ?? (file == "-" ? nil : try? Path.read(file, limit: YAMLParser.Limit.bytes))
    let documents = bytes.flatMap { try? YAMLParser.documents(in: $0, file: file) }
    var places: [Place] = []
    func add(_ position: SourcePosition, _ keys: String) {
      places.append(Place(line: position.line, column: position.column, keys: keys))
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
    let order = places.indices.sorted {
      (places[$0].line, places[$0].column, $0) < (places[$1].line, places[$1].column, $1)
    }
    self.places = order.map { places[$0] }
  }

  /// The keys that lead to a position, such as `services.web.ports[0]`.
  ///
  /// - Parameter position: A line and column of the file.
  /// - Returns: The keys; nil if no key precedes the position.
  public func keys(to position: SourcePosition) -> String? {
    var (low, high) = (0, places.count)
    while low < high {
      let middle = (low + high) / 2
      let place = places[middle]
      if (place.line, place.column) <= (position.line, position.column) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low == 0 ? nil : places[low - 1].keys
  }
}
