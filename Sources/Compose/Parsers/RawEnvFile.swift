import OrderedCollections
import YAML

/// A file of variables in the `raw` format of `docker run --env-file`: no quotes and no
/// interpolation (Compose specification, "env_file", "format").
enum RawEnvFile {
  /// Parses a file's bytes and adds its variables to those of earlier files. `size` gets the bytes
  /// of the values.
  static func read(
    _ bytes: [UInt8], after variables: OrderedDictionary<String, String>, size: inout Int,
    lookUp: (String) -> String?
  ) throws(EnvFile.Fault) -> OrderedDictionary<String, String> {
    var variables = variables
    var text = bytes[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { text = text.dropFirst(3) }
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (index, bytes) in lines.enumerated() {
      var line = Substring(decoding: bytes, as: UTF8.self)
      if line.last == "\r" { line = line.dropLast() }
      line = line.drop { $0.isWhitespace }
      if line.isEmpty || line.hasPrefix("#") { continue }
      let (name, value) = line.split("=")
      if name.isEmpty || name.contains(where: \.isWhitespace) {
        throw EnvFile.Fault(line: index + 1, message: "`\(name)` is not a variable's name")
      }
      guard let value = value ?? lookUp(name) else { continue }
      variables[name] = value
      size += value.utf8.count
      guard variables.count <= InputLimits.variables else {
        throw EnvFile.Fault(line: index + 1, message: EnvFile.Fault.tooMany)
      }
    }
    return variables
  }
}
