import ArgumentParser
import Compose
import Program

/// The lists that `config` prints instead of the file.
struct ConfigListOptions: ParsableArguments {
  @Flag(help: "Print the names of the services, each after those that it depends on.")
  var services = false

  @Flag(help: "Print the names of the images.")
  var images = false

  @Flag(help: "Print the names of the volumes.")
  var volumes = false

  @Flag(help: "Print the names of the networks.")
  var networks = false

  @Flag(help: "Print the names of the profiles.")
  var profiles = false

  @Flag(help: "Print the variables for interpolation.")
  var environment = false

  @Option(
    help: ArgumentHelp(
      "Print the hash by which Docker Compose recognizes a changed service; * for all services.",
      valueName: "service"))
  var hash: String?

  @Flag(help: "Print the variables that the files use, with their defaults.")
  var variables = false

  @Flag(help: "Print the files without interpolation. Values aren't checked.")
  var noInterpolate = false

  @Flag(help: "Do not add implied networks, names and dependencies.")
  var noNormalize = false

  /// Whether the output comes from the files before interpolation.
  var isOfModel: Bool { variables || noInterpolate }

  /// The given options, which exclude each other.
  var given: [String] {
    [
      ("--services", services), ("--images", images), ("--volumes", volumes),
      ("--networks", networks), ("--profiles", profiles), ("--environment", environment),
      ("--hash", hash != nil), ("--variables", variables),
    ].filter(\.1).map(\.0)
  }

  /// The services whose `env_file` the list depends on; nil for all.
  var environmentOf: Set<String>? {
    if let hash { return hash == "*" ? nil : Set(hashed) }
    return services || volumes || networks ? [] : nil
  }

  /// The list; nil where the command prints the file.
  func lines(of project: Project) throws -> [String]? {
    if services { return project.serviceNames }
    if images { return project.imageNames }
    if volumes { return project.volumeNames }
    if networks { return project.networkNames }
    if profiles { return project.profileNames }
    if environment { return project.environmentLines }
    guard hash != nil else { return nil }
    return try project.hashes(of: hashed).map { "\($0.name) \($0.hash)" }
  }

  /// The services of --hash; empty for all.
  private var hashed: [String] {
    guard let hash, hash != "*" else { return [] }
    return hash.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
  }
}

/// The variables of files, in the format of Docker Compose.
enum VariableTable {
  static func text(_ variables: [TemplateVariable]) -> String {
    let rows =
      [["NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE"]]
      + variables.map {
        [$0.name, String($0.isRequired), $0.defaultValue, $0.presenceValue].map {
          Printable.line($0)
        }
      }
    let widths = (0..<3).map { column in
      max(20, (rows.map { $0[column].unicodeScalars.count }.max() ?? 0) + 3)
    }
    return rows.map { row in
      zip(row, widths).map { text, width in
        text + String(repeating: " ", count: width - text.unicodeScalars.count)
      }.joined() + row[3] + "\n"
    }.joined()
  }
}
