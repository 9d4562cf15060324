import Foundation
import Testing

@Suite("The page of settings")
struct SettingsPageTests {
  @Test("docs/reference/settings.md matches the code")
  func documented() async throws {
    try Project.expect(SettingsPage.path, toBe: try await SettingsPage.text())
  }

  @Test("describes every setting, permission, label, parameter and variable in whole sentences")
  func complete() async throws {
    let tables = MarkdownTable.all(in: try await SettingsPage.text())
    #expect(tables.count > 8)
    for table in tables {
      let column = try #require(table.head.firstIndex(of: "meaning"))
      for row in table.rows {
        let meaning = row[column]
        #expect(meaning.hasSuffix("."), "\(row[0]) \(row[1]): '\(meaning)' has no end")
        let open = meaning.count { $0 == "(" }
        #expect(open == meaning.count { $0 == ")" }, "\(row[0]) \(row[1]): '\(meaning)'")
      }
    }
  }

  @Test(
    "has a row for names that were missing once",
    arguments: [
      "fileName", "pod.launch_timeout", "pod.roles", "JOURNAL_STREAM", "DOCKER_DEFAULT_PLATFORM",
      "SSL_CERT_FILE",
    ])
  func row(name: String) async throws {
    let rows = MarkdownTable.all(in: try await SettingsPage.text()).flatMap(\.rows)
    #expect(rows.contains { $0[0] == "`\(name)`" })
  }
}

extension SettingsPage {
  /// The meaning of each variable. A variable that is missing here fails the test above.
  static let variables = [
    "COLUMNS": "The width of the terminal, in columns.",
    "COMPOSE_ANSI": "The default of `run --ansi`.",
    "COMPOSE_DISABLE_ENV_FILE": "If true, `.env` is not read.",
    "COMPOSE_ENV_FILES": "Files of variables for interpolation, separated by commas.",
    "COMPOSE_EXECUTOR_REAPER_STATE_DIR":
      "The `state-dir` of pod-reaper, if it is not the default. Pulled images are recorded there.",
    "COMPOSE_EXECUTOR_LEASE_SOCKET":
      "The socket for leases of pod-reaper. The agent's hook module sets it.",
    "COMPOSE_FILE": "The Compose files, if the command line names none.",
    "COMPOSE_PATH_SEPARATOR": "The separator of files in COMPOSE_FILE. Default: `:`.",
    "COMPOSE_PROFILES": "The profiles to enable, separated by commas.",
    "COMPOSE_PROJECT_NAME":
      "The project's name. In the files of a pod, the prefix of the names of its objects.",
    "COMPOSE_PROGRESS": "The default of `run --progress`.",
    "DOCKER_API_VERSION": "The newest version of the Engine API to use, such as `1.40`.",
    "DOCKER_BUILDKIT": "Whether the docker command uses BuildKit. Only that command reads it.",
    "DOCKER_CERT_PATH": "The directory of `ca.pem`, `cert.pem` and `key.pem`.",
    "DOCKER_CONFIG": "A directory whose `config.json` has registry credentials.",
    "DOCKER_DEFAULT_PLATFORM": "The platform of services that set none. `.env` can set it too.",
    "DOCKER_HOST": "The engine: `unix:///PATH` or `tcp://HOST:PORT`.",
    "DOCKER_TLS_VERIFY":
      "If not empty, the engine is reached over TLS, and its certificate is verified.",
    "HOME": "The user's home directory, whose `.docker` is read.",
    "JOURNAL_STREAM":
      "Set by systemd. If it names standard error, log records go to the journal with their fields.",
    "LIBPROCESS_SSL_CA_DIR": "Not supported: a directory of certificate authorities. Set a file.",
    "LIBPROCESS_SSL_CA_FILE": "A PEM file of the authorities that sign the agent's certificate.",
    "LIBPROCESS_SSL_CERT_FILE": "The certificate for agents that require one.",
    "LIBPROCESS_SSL_ENABLED": "Whether the agent is reached over TLS.",
    "LIBPROCESS_SSL_KEY_FILE": "The key of that certificate.",
    "LIBPROCESS_SSL_REQUIRE_CERT": "The same as `LIBPROCESS_SSL_VERIFY_CERT` for an executor.",
    "LIBPROCESS_SSL_VERIFY_CERT": "Whether the agent's certificate is verified (older Mesos).",
    "LIBPROCESS_SSL_VERIFY_IPADD":
      "Whether the agent's certificate must contain its IP address instead of its host name.",
    "LIBPROCESS_SSL_VERIFY_SERVER_CERT": "Whether the agent's certificate is verified.",
    "MESOS_AGENT_ENDPOINT": "The agent's address and port.",
    "MESOS_ALLOCATION_ROLE":
      "The role of the task's resources. Containers get it with `task-env: mesos`.",
    "MESOS_CHECKPOINT": "Whether executors outlive a restart of their agent.",
    "MESOS_DIRECTORY": "The sandbox on the host.",
    "MESOS_DOMAIN_SOCKET":
      "The agent's domain socket (Mesos 1.10 and later). It takes precedence over the endpoint.",
    "MESOS_EXECUTOR_AUTHENTICATION_TOKEN": "The bearer token for the agent.",
    "MESOS_EXECUTOR_ID": "The executor's ID.",
    "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "How long the executor may take to shut down.",
    "MESOS_FRAMEWORK_ID": "The framework's ID.",
    "MESOS_RECOVERY_TIMEOUT": "How long the executor waits for an agent that is gone.",
    "MESOS_SANDBOX": "The sandbox as the executor sees it.",
    "MESOS_WORK_DIR": "The agent's `--work_dir`, for `logs` of a pod that is gone.",
    "MESOS_SLAVE_ID": "The agent's ID.",
    "MESOS_SLAVE_PID": "The agent's libprocess name and address.",
    "MESOS_SUBSCRIPTION_BACKOFF_MAX": "The longest pause between two attempts to subscribe.",
    "NOTIFY_SOCKET": "Set by systemd: the socket for readiness and watchdog messages.",
    "NO_COLOR": "If not empty, output has no colors.",
    "NVIDIA_VISIBLE_DEVICES":
      "The GPUs of the executor, by UUID or index, if the devices cgroup does not restrict them.",
    "PATH": "The directories in which programs are searched, unless `program-path` is set.",
    "PORTS": "The offered ports in Marathon's order.",
    "PWD": "The current directory, for interpolation.",
    "SSL_CERT_DIR": "A directory of certificate authorities.",
    "SSL_CERT_FILE": "A file of certificate authorities.",
    "TERM": "The type of the terminal. `dumb` disables colors and redrawing.",
    "WATCHDOG_PID": "Set by systemd: the process that the watchdog monitors.",
    "WATCHDOG_USEC": "Set by systemd: the interval of the watchdog in microseconds.",
    "container": "If not empty, pod-reaper checks that its container has the required flags.",
  ]
}
