// Replaces the parts of Foundation that swift-argument-parser uses. Static programs are built
// without Foundation (cshim/CNoFoundation; docs/design.md, "Static programs").
import ArgumentParserToolInfo
import JSON

/// Replaces Foundation's protocol. No error conforms to it, so their `description` is printed.
package protocol LocalizedError: Error {
  /// The text of the error.
  var errorDescription: String? { get }
}

/// Replaces swift-argument-parser's `JSONEncoder.encode` in the form that the optimizer specializes
/// for the output of `--experimental-dump-help`. The symbol of the library is weak, and this one is
/// strong. A debug build has a different symbol, which uses Foundation's encoder.
@_silgen_name("$s14ArgumentParser11JSONEncoderO6encodeySSxSERzlFZ0aB8ToolInfo0eF2V0V_Tt0g5")
func encodeToolInfo(_ value: ToolInfoV0) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
}
