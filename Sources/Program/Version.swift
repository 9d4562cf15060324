/// The version of all programs. The file VERSION contains the same.
package enum Version {
  /// The version, for example `1.2.3`.
  package static let text = "0.1.0"
}
