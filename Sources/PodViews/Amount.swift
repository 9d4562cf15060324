/// Formats numbers for people.
package enum Amount {
  /// Formats bytes: `512B`, `4.0K`, `187M`, `1.2G`. Each unit is 1,024 times the previous one.
  ///
  /// - Parameter bytes: the number of bytes.
  /// - Returns: the text.
  package static func bytes(_ bytes: Int64) -> String {
    if bytes < 1024 { return "\(max(0, bytes))B" }
    var count = bytes
    var units = ["K", "M", "G", "T", "P", "E"][...]
    while true {
      let whole = count / 1024
      let unit = units.removeFirst()
      if whole < 1024 || units.isEmpty {
        return whole < 100 ? "\(whole).\(count % 1024 * 10 / 1024)\(unit)" : "\(whole)\(unit)"
      }
      count = whole
    }
  }

  /// Formats a number of CPUs with two decimals, for example `0.25`.
  ///
  /// - Parameter number: the number of CPUs. NaN and negative numbers give 0, larger numbers than
  ///   1e9 give 1e9.
  /// - Returns: the text.
  package static func processors(_ number: Double) -> String { decimal(number, hundredths: true) }

  /// Formats a percentage with one decimal, for example `12.5%`.
  ///
  /// - Parameter share: the share; 1 is 100 %.
  /// - Returns: the text.
  package static func percent(_ share: Double) -> String {
    decimal(share * 100, hundredths: false) + "%"
  }

  private static func decimal(_ number: Double, hundredths: Bool) -> String {
    let factor = hundredths ? 100.0 : 10
    let number = number.isNaN ? 0 : min(max(number, 0), 1e9)
    let units = Int((number * factor).rounded())
    let rest = units % Int(factor)
    let digits = hundredths && rest < 10 ? "0\(rest)" : "\(rest)"
    return "\(units / Int(factor)).\(digits)"
  }

  /// Formats a limit of CPUs, without trailing zeros.
  static func limit(_ number: Double) -> String {
    var text = processors(number)
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
    return text
  }

  /// Formats elapsed time: `45s`, `12m`, `5h`, `9d`. The number is at least two, except for
  /// seconds.
  ///
  /// - Parameter seconds: the time in seconds.
  /// - Returns: the text.
  package static func age(_ seconds: Int64) -> String {
    if seconds < 120 { return "\(max(0, seconds))s" }
    if seconds < 7200 { return "\(seconds / 60)m" }
    if seconds < 172_800 { return "\(seconds / 3600)h" }
    return "\(seconds / 86_400)d"
  }
}
