/// The newest elements of an endless sequence: at least `least`, and at most twice as many. When
/// the newer half is full it becomes the older half, so that no element is dropped soon after its
/// insertion.
struct RecentSet<Element: Hashable & Sendable>: Sendable {
  private let least: Int
  private var newer: Set<Element> = []
  private var older: Set<Element> = []

  init(atLeast least: Int) { self.least = least }

  /// Inserts an element.
  ///
  /// - Returns: whether it is new.
  mutating func insert(_ element: Element) -> Bool {
    if newer.contains(element) || older.contains(element) { return false }
    if newer.count >= least { (newer, older) = ([], newer) }
    newer.insert(element)
    return true
  }
}
