import Foundation
import Testing

@Suite("The page of settings")
struct SettingsPageTests {
  @Test("docs/reference/settings.md is what the code says")
  func documented() async throws {
    try Project.expect("docs/reference/settings.md", toBe: try await SettingsPage.text())
  }

  @Test("says of every setting, permission, label, parameter and variable what it is")
  func complete() async throws {
    for table in MarkdownTable.all(in: try await SettingsPage.text()) {
      let column = table.head.firstIndex { ["is", "gives", "permits", "says"].contains($0) }
      for row in table.rows {
        #expect(!row[try #require(column)].isEmpty, "\(row[0]) \(row[1]) needs a word")
      }
    }
  }
}

extension SettingsPage {
  /// What each variable says. One that is missing here is in the page all the same, without a word.
  static let variables = [
    "COMPOSE_ANSI": "The default of `run --ansi`.",
    "COMPOSE_DISABLE_ENV_FILE": "Whether `.env` is left unread.",
    "COMPOSE_ENV_FILES": "Files of variables for interpolation, comma separated.",
    "COMPOSE_EXECUTOR_REAPER_STATE_DIR":
      "pod-reaper's `state-dir`, where it isn't the default: what pods pull is recorded there.",
    "COMPOSE_EXECUTOR_LEASE_SOCKET": "Where pod-reaper takes leases; set by the agent's hook.",
    "COMPOSE_FILE": "The Compose files, where none are named.",
    "COMPOSE_PATH_SEPARATOR": "What separates the files in COMPOSE_FILE; `:` unless set.",
    "COMPOSE_PROFILES": "Profiles to enable, comma separated.",
    "COMPOSE_PROJECT_NAME": "The project's name; in a pod's files the name of its objects.",
    "COMPOSE_PROGRESS": "The default of `run --progress`.",
    "DOCKER_API_VERSION": "The newest version of the Engine API to use, such as `1.40`.",
    "DOCKER_BUILDKIT": "Whether the docker command builds by BuildKit; read by that command alone.",
    "DOCKER_CERT_PATH": "The folder of `ca.pem`, `cert.pem` and `key.pem`.",
    "DOCKER_CONFIG": "A folder with a `config.json` that holds registry credentials.",
    "DOCKER_DEFAULT_PLATFORM": "The platform of services without one; `.env` can set it too.",
    "DOCKER_HOST": "The engine: `unix:///PATH` or `tcp://HOST:PORT`.",
    "DOCKER_TLS_VERIFY": "Whether the engine is reached by TLS, and must prove who it is.",
    "HOME": "The user's folder, with `.docker` in it.",
    "LIBPROCESS_SSL_CA_DIR": "Not usable: a folder of authorities. Name a file.",
    "LIBPROCESS_SSL_CA_FILE": "A PEM file of the authorities that vouch for the agent.",
    "LIBPROCESS_SSL_CERT_FILE": "The certificate shown to agents that ask for one.",
    "LIBPROCESS_SSL_ENABLED": "Whether the agent is reached by TLS.",
    "LIBPROCESS_SSL_KEY_FILE": "That certificate's key.",
    "LIBPROCESS_SSL_REQUIRE_CERT": "The same as `LIBPROCESS_SSL_VERIFY_CERT` for an executor.",
    "LIBPROCESS_SSL_VERIFY_CERT": "Whether the agent must prove who it is (older Mesos).",
    "LIBPROCESS_SSL_VERIFY_IPADD":
      "Whether the agent's certificate names its address, not its host.",
    "LIBPROCESS_SSL_VERIFY_SERVER_CERT": "Whether the agent must prove who it is.",
    "MESOS_AGENT_ENDPOINT": "The agent's address and port.",
    "MESOS_ALLOCATION_ROLE":
      "The role of the task's resources; containers get it with `task-env: mesos`.",
    "MESOS_CHECKPOINT": "Whether executors outlive their agent's restarts.",
    "MESOS_DIRECTORY": "The sandbox on the host.",
    "MESOS_DOMAIN_SOCKET": "The agent's domain socket (1.10 and later); goes before the endpoint.",
    "MESOS_EXECUTOR_AUTHENTICATION_TOKEN": "The bearer token for the agent.",
    "MESOS_EXECUTOR_ID": "The executor.",
    "MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD": "How long the executor may take to end.",
    "MESOS_FRAMEWORK_ID": "The framework.",
    "MESOS_RECOVERY_TIMEOUT": "How long an agent that went away is waited for.",
    "MESOS_SANDBOX": "The sandbox as the executor sees it.",
    "MESOS_WORK_DIR": "The agent's `--work_dir`, for `logs` of a pod that is gone.",
    "MESOS_SLAVE_ID": "The agent.",
    "MESOS_SLAVE_PID": "The agent's libprocess name and address.",
    "MESOS_SUBSCRIPTION_BACKOFF_MAX": "The longest wait between two tries to subscribe.",
    "NOTIFY_SOCKET": "Where systemd is told that the service is ready and alive.",
    "PORTS": "The offered ports in Marathon's order.",
    "WATCHDOG_PID": "Whom the watchdog watches.",
    "WATCHDOG_USEC": "How often systemd wants to hear of the service.",
  ]
}
