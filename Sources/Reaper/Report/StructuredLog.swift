import FoundationEssentials
import Logging
import Program

/// Log lines on standard error with their fields: for systemd's journal or a terminal, or as JSON.
struct StructuredLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  let isJSON: Bool

  init(logLevel: Logger.Level, isJSON: Bool) {
    self.logLevel = logLevel
    self.isJSON = isJSON
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = (event.metadata ?? [:]).map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
    guard isJSON else {
      let tail = fields.map { " \($0.0)=\($0.1.contains(" ") ? "\"\($0.1)\"" : $0.1)" }.joined()
      return StandardError.line("\(Timestamp.now) \(event.level): \(event.message)\(tail)")
    }
    var entry = Dictionary(fields) { $1 }
    entry["time"] = Timestamp.now
    entry["level"] = "\(event.level)"
    entry["message"] = "\(event.message)"
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let line = try? encoder.encode(entry) {
      StandardError.line(String(decoding: line, as: UTF8.self))
    }
  }
}
