import Foundation
import TestSupport
import Testing

extension RunningPod {
  /// A command of compose-executor on the engine of this pod.
  func command(_ words: String..., input: String? = nil) -> Command {
    command(words, input: input)
  }

  /// A command of compose-executor on the engine of this pod.
  func command(_ words: [String], input: String? = nil) -> Command {
    Command(
      BuiltProgram.composeExecutor, words,
      environment: ["DOCKER_HOST": engine.dockerHost, "NO_COLOR": ""], input: input)
  }

  /// `compose-executor exec` in this pod.
  func exec(_ options: [String], _ service: String, _ words: [String], input: String? = nil)
    -> Command
  {
    command(["exec"] + options + [task, service] + words, input: input)
  }

  /// A `docker` command line on this pod's engine.
  func docker(_ words: [String]) -> Command {
    Command("docker", words, environment: ["DOCKER_HOST": engine.dockerHost])
  }

  /// `docker compose logs` of this pod's project.
  func composeLogs(_ options: [String]) async throws -> String {
    let compose = try #require(ProcessInfo.processInfo.environment["COMPOSE5"], "needs Compose 5")
    let project = try await engine.docker(
      "inspect", "--format", "{{index .Config.Labels \"com.docker.compose.project\"}}",
      "\(task)_web"
    ).output()
    return try await Command(
      compose, ["-p", project, "logs"] + options,
      environment: ["DOCKER_HOST": engine.dockerHost, "COMPOSE_ANSI": "never"]
    ).output()
  }
}
