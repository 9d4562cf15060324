/// A setting that can't be understood, in a line.
public struct SettingError: Error, Sendable, CustomStringConvertible {
  /// The line.
  public let description: String

  /// Makes an error.
  public init(description: String) { self.description = description }
}
