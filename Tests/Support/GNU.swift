import Foundation

/// Functions of glibc that are visible in C only with GNU extensions.
package enum GNU {
  package typealias Actions = UnsafeMutablePointer<posix_spawn_file_actions_t>

  package static let accept4 = find(
    "accept4",
    as: (@convention(c) (Int32, OpaquePointer?, OpaquePointer?, Int32) -> Int32).self)
  package static let pipe2 = find(
    "pipe2", as: (@convention(c) (UnsafeMutablePointer<Int32>, Int32) -> Int32).self)
  package static let eventfd = find("eventfd", as: (@convention(c) (UInt32, Int32) -> Int32).self)
  package static let changeDirectory = find(
    "posix_spawn_file_actions_addchdir_np",
    as: (@convention(c) (Actions, UnsafePointer<CChar>) -> Int32).self)
  package static let closeFrom = find(
    "posix_spawn_file_actions_addclosefrom_np", as: (@convention(c) (Actions, Int32) -> Int32).self)

  private static func find<Function>(_ name: String, as type: Function.Type) -> Function {
    guard let symbol = dlsym(nil, name) else { fatalError("glibc has no \(name)") }
    return unsafeBitCast(symbol, to: type)
  }
}
