import Glibc

/// Where a symbolic link points, or nil where it can't be read.
package func linkTarget(_ path: String) -> String? {
  var bytes = [CChar](repeating: 0, count: 256)
  let count = readlink(path, &bytes, bytes.count)
  guard count > 0 else { return nil }
  return String(decoding: bytes[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
}
