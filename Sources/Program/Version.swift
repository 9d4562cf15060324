/// The version of all programs: the file VERSION says the same.
public enum Version {
  /// Such as `1.2.3`.
  public static let text = "0.1.0"
}
