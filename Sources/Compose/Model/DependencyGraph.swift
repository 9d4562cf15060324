import OrderedCollections

/// Which services need which others.
package struct DependencyGraph: Sendable {
  private let needs: OrderedDictionary<String, [String]>

  /// Makes the graph of services, each with those that it needs, in the order of the file.
  package init(_ needs: OrderedDictionary<String, [String]>) { self.needs = needs }

  /// Whether a service needs another, by way of any number of others; it needs itself.
  package func reaches(_ goal: String, from start: String) -> Bool {
    var open = [start]
    var seen: Set<String> = []
    while let name = open.popLast() {
      if name == goal { return true }
      if seen.insert(name).inserted { open += needs[name] ?? [] }
    }
    return false
  }

  /// The first services that need each other in a circle, in order, the first of them again at the
  /// end; nil where there are none.
  var circle: [String]? {
    var done: Set<String> = []
    for start in needs.keys where !done.contains(start) {
      // Depth first with a stack of its own: a chain of services can be long.
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
  /// Which services wait for which others to start.
  package var dependencies: DependencyGraph {
    DependencyGraph(services.mapValues { Array($0.dependencies.keys) })
  }
}
