/// The size of the files of `pod.split_logs`, and the number of older files to keep.
package struct LogRotation: Sendable, Equatable {
  /// The largest default size of a file, in bytes.
  static let usualSize: Int64 = 10 << 20
  /// The smallest size of a file in bytes: a file holds some lines.
  package static let leastSize: Int64 = 4096
  /// The largest number of older files per stream.
  package static let mostFiles = 100

  /// The size of a file in bytes; nil for a share of the task's disk.
  package var size: Int64?
  /// The number of older files of a stream to keep in addition to the current one.
  package var olderFiles = 2

  /// Files of the default size and number.
  package init() {}

  /// The size of each file.
  ///
  /// - Parameters:
  ///   - streams: the number of streams with files of their own.
  ///   - disk: the task's disk in bytes; nil if it has none.
  /// - Returns: the size in bytes. A requested size is reduced so that all files together use at
  ///   most half of the disk. The default is a tenth of the disk for all files together, and at
  ///   most 10 MiB for each.
  func size(streams: Int, disk: Int64?) -> Int64 {
    let files = Int64(max(1, streams)) * Int64(olderFiles + 1)
    let wanted = size ?? disk.map { min(Self.usualSize, $0 / 10 / files) } ?? Self.usualSize
    return max(Self.leastSize, min(wanted, disk.map { $0 / 2 / files } ?? .max))
  }

  /// The value in the option's format: `10m,2`; `true` instead of the size for a share of the disk.
  var text: String { (size.map { "\($0)" } ?? "true") + ",\(olderFiles)" }
}
