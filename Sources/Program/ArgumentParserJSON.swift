// What swift-argument-parser uses Foundation for, without it: static programs have nothing of that library
// (cshim/CNoFoundation; docs/design.md, "Static programs").
import ArgumentParserToolInfo
import JSON

/// Takes the place of Foundation's protocol: no error conforms to it, their `description` is printed.
public protocol LocalizedError: Error {
  /// What there is to say.
  var errorDescription: String? { get }
}

/// Takes the place of swift-argument-parser's `JSONEncoder.encode`, as the optimizer makes it for the output of
/// `--experimental-dump-help`: its own is weak, and this isn't. A debug build has another, with Foundation's encoder.
@_silgen_name("$s14ArgumentParser11JSONEncoderO6encodeySSxSERzlFZ0aB8ToolInfo0eF2V0V_Tt0g5")
func encodeToolInfo(_ value: ToolInfoV0) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
  return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? ""
}
