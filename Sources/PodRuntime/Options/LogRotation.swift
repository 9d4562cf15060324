/// How large the files of `pod.split_logs` become, and how many older ones are kept.
public struct LogRotation: Sendable, Equatable {
  /// How large a file may be where neither option nor task says.
  static let usualSize: Int64 = 10 << 20
  /// The least size: a file holds some lines.
  public static let leastSize: Int64 = 4096
  /// The most older files of one stream.
  public static let mostFiles = 100

  /// How large a file may be, in bytes; nil for a share of the task's disk.
  public var size: Int64?
  /// How many older files of a stream are kept beside the one that is written.
  public var olderFiles = 2

  /// Files of the default size and number.
  public init() {}

  /// The size of each file.
  ///
  /// - Parameters:
  ///   - streams: the number of streams with files of their own.
  ///   - disk: the task's disk in bytes; nil where it has none.
  /// - Returns: the size in bytes: as asked for, but all files together have at most half of the disk; where nothing is
  ///   asked for a tenth of it, and no more than 10 MiB each.
  func size(streams: Int, disk: Int64?) -> Int64 {
    let files = Int64(max(1, streams)) * Int64(olderFiles + 1)
    let wanted = size ?? disk.map { min(Self.usualSize, $0 / 10 / files) } ?? Self.usualSize
    return max(Self.leastSize, min(wanted, disk.map { $0 / 2 / files } ?? .max))
  }

  /// The form of the option: `10m,2`; `true` where the size is a share of the disk.
  var text: String { (size.map { "\($0)" } ?? "true") + ",\(olderFiles)" }
}
