import JSON
import Logging
import Program

/// Writes log lines with their fields: to systemd's journal if standard error is connected to it,
/// otherwise to standard error, as text or JSON.
struct StructuredLog: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  let isJSON: Bool
  let journal: SystemdJournal?
  /// Shared by all copies.
  let limit: LogLimit

  init(
    logLevel: Logger.Level, isJSON: Bool, journal: SystemdJournal? = nil,
    limit: LogLimit = LogLimit()
  ) {
    self.logLevel = logLevel
    self.isJSON = isJSON
    self.journal = journal
    self.limit = limit
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let site = LogLimit.Site(file: event.file, line: event.line)
    let isAdmitted = limit.admits(site, "\(event.message)", event.level) { [self] in
      write($0.text, $0.level, [:])
    }
    if isAdmitted { write("\(event.message)", event.level, event.metadata ?? [:]) }
  }

  /// Writes the counts of suppressed lines that aren't reported yet.
  func flush() {
    for held in limit.takeAll() { write(held.text, held.level, [:]) }
  }

  private func write(_ text: String, _ level: Logger.Level, _ metadata: Logger.Metadata) {
    // Descriptions of labels, names and responses are untrusted data.
    let message = Printable.text(text, limit: 8192)
    let fields = metadata.map { ($0.key, Printable.text("\($0.value)", limit: 2048)) }
      .sorted { $0.0 < $1.0 }
    guard isJSON else {
      let line = "\(message)\(fields.map { " \($0.0)=\(Self.word($0.1))" }.joined())"
      if let journal, journal.send(line, level, fields) { return }
      return StandardError.line("\(Timestamp.now) \(level): \(line)")
    }
    var entry = Dictionary(fields) { $1 }
    entry["time"] = Timestamp.now
    entry["level"] = "\(level)"
    entry["message"] = message
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if let line = try? encoder.encode(entry) {
      StandardError.line(String(decoding: line, as: UTF8.self))
    }
  }

  /// The value of a field, quoted so that it can't be read as another field.
  private static func word(_ value: String) -> String {
    guard value.contains(where: { [" ", "\"", "="].contains($0) }) else { return value }
    let parts = value.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + parts.joined(separator: "\\\"") + "\""
  }
}
