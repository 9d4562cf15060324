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
    // What is said of labels, names and others' answers is data that anybody could have written.
    let message = Printable.text("\(event.message)", limit: 8192)
    let fields = (event.metadata ?? [:]).map {
      ($0.key, Printable.text("\($0.value)", limit: 2048))
    }
    .sorted { $0.0 < $1.0 }
    guard isJSON else {
      let line = "\(message)\(fields.map { " \($0.0)=\(Self.word($0.1))" }.joined())"
      if let journal, journal.send(line, event.level, fields) { return }
      return StandardError.line("\(Timestamp.now) \(event.level): \(line)")
    }
    var entry = Dictionary(fields) { $1 }
    entry["time"] = Timestamp.now
    entry["level"] = "\(event.level)"
    entry["message"] = message
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let line = try? encoder.encode(entry) {
      StandardError.line(String(decoding: line, as: UTF8.self))
    }
  }

  /// A field's value, which no other field can be read into.
  private static func word(_ value: String) -> String {
    guard value.contains(where: { [" ", "\"", "="].contains($0) }) else { return value }
    let parts = value.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + parts.joined(separator: "\\\"") + "\""
  }
}
