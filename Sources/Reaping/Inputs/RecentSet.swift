/// The newest elements of a sequence without end, at least a number of them and at most twice as
/// many: when the newer half is full it becomes the older one, so that no element is forgotten
/// right after it came.
struct RecentSet<Element: Hashable & Sendable>: Sendable {
  private let least: Int
  private var newer: Set<Element> = []
  private var older: Set<Element> = []

  init(atLeast least: Int) { self.least = least }

  /// Remembers an element.
  ///
  /// - Returns: whether it is new.
  mutating func insert(_ element: Element) -> Bool {
    if newer.contains(element) || older.contains(element) { return false }
    if newer.count >= least { (newer, older) = ([], newer) }
    newer.insert(element)
    return true
  }
}
