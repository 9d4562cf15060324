import Program

/// Formats the output of `status` as text.
enum StatusText {
  /// The pods, the state of the service, and what an operator can do about undecided pods.
  ///
  /// - Parameters:
  ///   - report: the status.
  ///   - terminal: the terminal that shows it.
  /// - Returns: the lines, without a newline at the end.
  static func text(_ report: PassReport, for terminal: Terminal?) -> String {
    var lines = [ReportTable.text(report, for: terminal)]
    let undecided = report.pods.filter { $0.verdict == Verdict.State.undecided.rawValue }
      .sorted { ($0.task, $0.run) < ($1.task, $1.run) }
    for pod in undecided {
      lines.append("")
      lines += labeled("undecided", "task \(pod.task), run \(pod.run)", .yellow, for: terminal)
      lines += labeled("because", pod.why, for: terminal)
      if let remedy = self.remedy(of: pod) { lines += labeled("to do", remedy, for: terminal) }
    }
    if let images = report.images {
      lines.append("")
      lines += labeled("images", self.text(of: images), for: terminal)
      for note in images.notes { lines += labeled("", note, .yellow, for: terminal) }
    }
    if let service = report.service {
      lines.append("")
      for (name, text, color) in self.lines(of: service) {
        lines += labeled(name, text, color, for: terminal)
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Text such as
  /// `12 pulled by pods, 3 of them in use; the disk of the engine's data is 71 % full`.
  private static func text(of images: ImageCareReport) -> String {
    var text = "\(images.recorded) pulled by pods, \(images.used) of them in use"
    if let percent = images.diskPercent {
      text += "; the disk of the engine's data is \(percent) % full"
    }
    if !images.removed.isEmpty { text += "; removed \(images.removed.joined(separator: " "))" }
    return text
  }

  /// What an operator can do about an undecided pod, and when it is due.
  static func remedy(of pod: PodReport) -> String? {
    guard let remedy = pod.remedy else { return nil }
    let due = pod.due.map { " (due in \(Duration(reportedSeconds: $0).text))" }
    return remedy + (due ?? "")
  }

  private static func lines(
    of service: ServiceReport
  ) -> [(String, String, Terminal.Color?)] {
    var lines: [(String, String, Terminal.Color?)] = []
    if let since = service.since, let uptime = service.uptime {
      let version = service.version.map { ", version \($0)" } ?? ""
      let pid = service.pid.map { ", process \($0)" } ?? ""
      let words = Duration(reportedSeconds: uptime).text
      lines.append(("service", "running since \(since) (\(words))\(version)\(pid)", nil))
    }
    if let last = service.lastPass {
      let took = last.seconds.map { ", took \(seconds($0))" } ?? ""
      let result = last.completed ? last.result : "FAILED: \(last.result)"
      let ago = Duration(reportedSeconds: last.age).text
      lines.append(("last pass", "\(ago) ago\(took): \(result)", last.completed ? nil : .red))
    } else if service.since != nil {
      lines.append(("last pass", "none yet", nil))
    }
    if service.working == true {
      lines.append(("next pass", "under way", nil))
    } else if let next = service.nextPass {
      let words = next < 1 ? "now" : "in \(Duration(reportedSeconds: next).text)"
      lines.append(("next pass", "\(words), or as soon as an event requires one", nil))
    }
    return lines
  }

  /// Text such as `0.25 s` or `12 s`.
  private static func seconds(_ value: Double) -> String {
    guard value < 10 else { return Duration(reportedSeconds: value).text }
    let hundredths = Int((max(0, value) * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) s"
  }

  /// A name followed by a text, which is wrapped with a hanging indent.
  static func labeled(
    _ name: String, _ text: String, _ color: Terminal.Color? = nil, for terminal: Terminal?
  ) -> [String] {
    let head = name + String(repeating: " ", count: max(1, 10 - name.count))
    let width = terminal?.columns.map { max(20, $0 - head.count) }
    let parts = LineWrap.lines(Printable.line(text), width: width)
    return parts.enumerated().map { index, part in
      (index == 0
        ? terminal?.colored(name, color) ?? name : String(repeating: " ", count: name.count))
        + head.dropFirst(name.count) + part
    }
  }
}
