/// The version of all programs. The file VERSION contains the same.
public enum Version {
  /// The version, for example `1.2.3`.
  public static let text = "0.1.0"
}
