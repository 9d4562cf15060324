import HTTPClient
import PodIdentity

extension MesosEnvironment {
  /// Parses the environment of a process that an agent started.
  /// - Parameters:
  ///   - variables: the environment.
  ///   - nameOfAddress: gives the host name of an IP address, which is needed to verify
  ///     certificates as libprocess does.
  /// - Throws: ``MesosEnvironmentError`` with a line for each missing or malformed variable.
  package init(
    _ variables: [String: String],
    nameOfAddress: (String) -> String? = { hostName(of: $0) }
  ) throws(MesosEnvironmentError) {
    var reader = VariableReader(variables: variables)
    let frameworkID = reader.id("MESOS_FRAMEWORK_ID")
    let executorID = reader.id("MESOS_EXECUTOR_ID")
    let agentID = reader.id("MESOS_SLAVE_ID")
    let sandbox = reader.optional("MESOS_SANDBOX")
    let directory = reader.optional("MESOS_DIRECTORY") ?? sandbox
    if directory == nil { reader.problems.append("MESOS_DIRECTORY is not set") }
    let agent = reader.agent(nameOfAddress)
    let recoveryTimeout = reader.duration("MESOS_RECOVERY_TIMEOUT", standard: .seconds(900))
    let backoff = reader.duration("MESOS_SUBSCRIPTION_BACKOFF_MAX", standard: .seconds(2))
    let grace = reader.duration("MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD", standard: .seconds(5))
    let isCheckpointing = reader.flag("MESOS_CHECKPOINT")
    guard reader.problems.isEmpty, let agent else {
      throw MesosEnvironmentError(problems: reader.problems)
    }
    self.init(
      frameworkID: FrameworkID(frameworkID), executorID: ExecutorID(executorID),
      agentID: AgentID(agentID), directory: directory ?? "", sandbox: sandbox,
      endpoint: agent.endpoint, path: agent.path, isCheckpointing: isCheckpointing,
      recoveryTimeout: recoveryTimeout, subscriptionBackoffMaximum: backoff,
      shutdownGracePeriod: grace,
      authenticationToken: reader.optional("MESOS_EXECUTOR_AUTHENTICATION_TOKEN"))
  }
}

/// Reads values from an environment and collects their problems.
struct VariableReader {
  let variables: [String: String]
  var problems: [String] = []

  init(variables: [String: String]) {
    self.variables = variables
  }

  /// A value; nil where it is missing or empty.
  func optional(_ name: String) -> String? {
    guard let value = variables[name], !value.isEmpty else { return nil }
    return value
  }

  mutating func required(_ name: String) -> String {
    if let value = optional(name) { return value }
    problems.append("\(name) is not set")
    return ""
  }

  /// A value that becomes part of paths and names.
  mutating func id(_ name: String) -> String {
    let value = required(name)
    if !value.isEmpty, let problem = IDCheck.problem(value) {
      problems.append("\(name) \(problem)")
    }
    return value
  }

  mutating func duration(_ name: String, standard: Duration) -> Duration {
    guard let text = optional(name) else { return standard }
    if let value = Duration(mesos: text) { return value }
    problems.append(
      "\(name) is “\(text)”: not a time such as 15mins or 2.5secs (ns us ms secs mins hrs days weeks)"
    )
    return standard
  }

  mutating func flag(_ name: String) -> Bool {
    guard let text = optional(name) else { return false }
    switch text.lowercased() {
    case "1", "true": return true
    case "0", "false": return false
    default:
      problems.append("\(name) is “\(text)”: not one of 1, true, 0, false")
      return false
    }
  }

  /// The name of a libprocess TLS setting: the new name, or the old one if only that is set (Mesos,
  /// docs/ssl.md).
  func tlsName(_ name: String) -> String {
    optional("LIBPROCESS_SSL_\(name)") == nil && optional("SSL_\(name)") != nil
      ? "SSL_\(name)" : "LIBPROCESS_SSL_\(name)"
  }
}
