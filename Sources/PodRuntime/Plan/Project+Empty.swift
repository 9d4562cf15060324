import Compose
import OrderedCollections
import YAML

extension Project {
  /// Why the project has no services to start.
  var withoutServices: DiagnosticError {
    guard let first = disabledServices.first else {
      return DiagnosticError(
        "the project has no services: `services` is empty", at: servicesPosition)
    }
    let names = disabledServices.prefix(Self.mostNamed).map { service in
      "`\(service.name)` in \(service.profiles.map { "`\($0)`" }.joined(separator: ", "))"
    }
    let rest = disabledServices.count - names.count
    return DiagnosticError(
      "no service is enabled, because each is in a profile that isn't enabled: \(names.joined(separator: "; "))"
        + (rest > 0 ? "; and \(rest) more" : "")
        + "; COMPOSE_PROFILES, or `--profile` of `run`, enables profiles", at: first.position)
  }

  private static let mostNamed = 8
}
