import FoundationEssentials
import Logging
import Program

/// Log lines with their fields: to systemd's journal where standard error leads there, else on standard error, as text or
/// as JSON.
struct StructuredLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  let isJSON: Bool
  let journal: SystemdJournal?

  init(logLevel: Logger.Level, isJSON: Bool, journal: SystemdJournal? = nil) {
    self.logLevel = logLevel
    self.isJSON = isJSON
    self.journal = journal
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = (event.metadata ?? [:]).map { ($0.key, "\($0.value)") }.sorted { $0.0 < $1.0 }
    guard isJSON else {
      let tail = fields.map { " \($0.0)=\($0.1.contains(" ") ? "\"\($0.1)\"" : $0.1)" }.joined()
      let line = "\(event.message)\(tail)"
      if let journal, journal.send(line, event.level, fields) { return }
      return StandardError.line("\(Timestamp.now) \(event.level): \(line)")
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
