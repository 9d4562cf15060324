import Program

/// One metric in Prometheus' text format (exposition format 0.0.4), with name, HELP, TYPE and
/// samples.
struct MetricFamily: Sendable {
  enum Kind: String, Sendable { case counter, gauge, histogram, summary }

  struct Sample: Sendable {
    /// The suffix after the family's name: `_sum`, `_count`, `_bucket` or none.
    var suffix = ""
    var labels: [(name: String, value: String)] = []
    var value: Double
  }

  /// The name without the prefix `pod_reaper_`.
  let name: String
  let kind: Kind
  /// One sentence for the HELP line.
  let help: String
  var samples: [Sample]

  /// A metric with one sample, or without samples if the value is nil.
  static func value(
    _ name: String, _ kind: Kind, _ help: String, _ value: Double?
  ) -> MetricFamily {
    MetricFamily(
      name: name, kind: kind, help: help, samples: value.map { [Sample(value: $0)] } ?? [])
  }

  /// A metric with one label, and a sample for each value of the label.
  static func byLabel(
    _ name: String, _ kind: Kind, _ help: String, _ label: String, _ values: [(String, Int)]
  ) -> MetricFamily {
    MetricFamily(
      name: name, kind: kind, help: help,
      samples: values.map { Sample(labels: [(label, $0.0)], value: Double($0.1)) })
  }

  /// A histogram, with cumulative buckets as the format requires.
  static func histogram(_ name: String, _ help: String, _ values: Histogram) -> MetricFamily {
    var count = 0
    var samples: [Sample] = []
    let bounds = values.bounds.map { Self.number($0) } + ["+Inf"]
    for (bound, more) in zip(bounds, values.counts) {
      count += more
      samples.append(Sample(suffix: "_bucket", labels: [("le", bound)], value: Double(count)))
    }
    samples.append(Sample(suffix: "_sum", value: values.sum))
    samples.append(Sample(suffix: "_count", value: Double(count)))
    return MetricFamily(name: name, kind: .histogram, help: help, samples: samples)
  }

  /// The lines of the metric. Only the first of several samples with the same labels is written,
  /// because Prometheus refuses duplicates.
  var lines: [String] {
    var written: Set<String> = []
    let lines = samples.compactMap { sample -> String? in
      let labels = sample.labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
      let list = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
      let series = "pod_reaper_\(name)\(sample.suffix)\(list)"
      guard written.insert(series).inserted else { return nil }
      return "\(series) \(Self.number(sample.value))"
    }
    return ["# HELP pod_reaper_\(name) \(help)", "# TYPE pod_reaper_\(name) \(kind.rawValue)"]
      + lines
  }

  /// The value of a label in the exposition format, with escaped backslashes and quotation marks.
  /// Control characters such as newlines are replaced.
  private static func escaped(_ text: String) -> String {
    Printable.text(text).replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value)
  }
}
