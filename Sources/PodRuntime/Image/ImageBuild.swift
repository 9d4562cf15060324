import Compose
import OrderedCollections
import SystemPackage
import YAML
import Linux

/// Builds a service's image with the `docker` command: the client does part of a build, so no
/// engine call is sufficient.
struct ImageBuild: Sendable {
  let environment: [String: String]
  /// Build arguments for a proxy; arguments in the file take precedence.
  let proxies: [String: String]
  let programs: HostPrograms

  /// Builds an image, from the cache where nothing has changed.
  ///
  /// - Parameters:
  ///   - build: the build.
  ///   - service: the service whose image is built.
  ///   - bases: names of the images on which it builds, by service.
  ///   - tag: a name for the image in addition to the service's.
  /// - Returns: the image's ID, so that a later build under the same name does not change the image
  ///   that runs.
  /// - Throws: `DiagnosticError` with the position of `build:` and the last line of docker's error
  ///   output.
  func build(
    _ build: Build, service: Service, on bases: [String: String], tag: String?
  ) async throws -> String {
    guard let program = programs.find("docker") else { throw noDocker(build, service) }
    let docker = SupervisedProcess(
      program, arguments(build, service: service, on: bases, tag: tag),
      environment: programs.environment(environment, named: Self.variables(of: build)),
      directory: programs.isRestricted ? "/" : ".")
    let (ending, output, errors): (SupervisedProcess.Ending?, String, String)
    do {
      (ending, output, errors) = try await docker.texts(input: build.dockerfileText ?? "")
    } catch let error as CancellationError {
      throw error
    } catch Errno.noSuchFileOrDirectory {
      throw noDocker(build, service)
    } catch {
      throw DiagnosticError(
        "service '\(service.name)' can't be built: \(error)", at: build.position)
    }
    let id = output.split(whereSeparator: { $0.isNewline }).last
    guard ending == .exited(0), let id else {
      throw refusal(of: build, service: service, errors: errors)
    }
    return String(id)
  }

  private func noDocker(_ build: Build, _ service: Service) -> DiagnosticError {
    let way = "build the image beforehand and name it with `image`"
    guard let directories = programs.directories else {
      return DiagnosticError(
        "service '\(service.name)' has `build`, but there is no docker command on PATH: \(way)",
        at: build.position)
    }
    return DiagnosticError(
      "service '\(service.name)' has `build`, but there is no docker command in \(directories.joined(separator: ":")) "
        + "(operator's file, program-path): \(way)", at: build.position)
  }

  /// The variables that a build reads from the docker command's environment: arguments without a
  /// value, and secrets.
  private static func variables(of build: Build) -> Set<String> {
    var names = Set(build.args.filter { $0.value == nil }.map(\.key))
    for option in build.options {
      for part in option.split(separator: ",") where part.hasPrefix("env=") {
        names.insert(String(part.dropFirst(4)))
      }
    }
    return names
  }

  private func refusal(of build: Build, service: Service, errors: String) -> DiagnosticError {
    let lines = errors.split(whereSeparator: { $0.isNewline })
    if let option = lines.first(where: { $0.hasPrefix("unknown flag: ") })?.dropFirst(14) {
      let context = option == "--build-context" ? build.contexts.values.first : nil
      return DiagnosticError(
        "service '\(service.name)' can't be built: `docker build` has no \(option) on this host: "
          + "install its buildx plugin", at: context?.position ?? build.position)
    }
    let last = lines.last ?? "docker build printed no error"
    return DiagnosticError("service '\(service.name)' can't be built: \(last)", at: build.position)
  }

  private func arguments(
    _ build: Build, service: Service, on bases: [String: String], tag: String?
  ) -> [String] {
    var words = ["build", "--quiet"]
    for name in [service.image?.value, tag].compactMap({ $0 }) { words += ["--tag", name] }
    if build.dockerfileText != nil {
      words += ["--file", "-"]
    } else if let dockerfile = build.dockerfile {
      let isInContext = !dockerfile.hasPrefix("/") && build.context.hasPrefix("/")
      words += ["--file", isInContext ? build.context + "/" + dockerfile : dockerfile]
    }
    for (key, value) in build.args {
      words += ["--build-arg", value.map { "\(key)=\($0)" } ?? key]
    }
    for (key, value) in proxies.sorted(by: { $0.key < $1.key })
    where !build.args.keys.contains(key) {
      words += ["--build-arg", "\(key)=\(value)"]
    }
    for (name, context) in build.contexts {
      let base = bases[String(context.value.trimmingPrefix("service:"))]
      let isService = context.value.hasPrefix("service:")
      let value = isService ? "docker-image://\(base ?? "")" : context.value
      words += ["--build-context", "\(name)=\(value)"]
    }
    if let target = build.target { words += ["--target", target] }
    var options = build.options
    if let index = options.firstIndex(of: "--platform") {
      // The image runs on this host, so it needs one platform. With several platforms the builder
      // chooses, as in Docker Compose.
      let isList = options[index + 1].contains(",")
      if service.isolation.platform != nil || isList { options.removeSubrange(index...(index + 1)) }
    }
    if let platform = service.isolation.platform { words += ["--platform", platform] }
    if let network = build.network { words += ["--network", network] }
    for (key, value) in build.labels { words += ["--label", "\(key)=\(value)"] }
    for image in build.cacheFrom { words += ["--cache-from", image] }
    if build.noCache { words.append("--no-cache") }
    if build.pull { words.append("--pull") }
    return words + options + ["--", build.context]
  }
}
