import OrderedCollections

/// The dependencies between services.
package struct DependencyGraph: Sendable {
  private let needs: OrderedDictionary<String, [String]>

  /// Creates the graph from the services and their dependencies, in the order of the file.
  package init(_ needs: OrderedDictionary<String, [String]>) { self.needs = needs }

  /// True if a service depends on another, directly or indirectly; each service reaches itself.
  package func reaches(_ goal: String, from start: String) -> Bool {
    var open = [start]
    var seen: Set<String> = []
    while let name = open.popLast() {
      if name == goal { return true }
      if seen.insert(name).inserted { open += needs[name] ?? [] }
    }
    return false
  }

  /// The first dependency cycle, in order, with its first service repeated as the last; nil if
  /// there is none.
  var circle: [String]? {
    var done: Set<String> = []
    for start in needs.keys where !done.contains(start) {
      // Iterative depth-first search: recursion could overflow the stack on a long chain.
      var path: [(name: String, next: Int)] = [(start, 0)]
      var open: Set<String> = [start]
      while let (name, next) = path.last {
        guard let others = needs[name], next < others.count else {
          done.insert(name)
          open.remove(name)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let other = others[next]
        if open.contains(other) { return path.map(\.name).drop { $0 != other } + [other] }
        if !done.contains(other) {
          open.insert(other)
          path.append((other, 0))
        }
      }
    }
    return nil
  }
}

extension Project {
  /// The dependencies by which services wait for the start of others.
  package var dependencies: DependencyGraph {
    DependencyGraph(services.mapValues { Array($0.dependencies.keys) })
  }
}
