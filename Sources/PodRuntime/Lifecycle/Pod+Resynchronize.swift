import Concurrency
import DockerEngine
import Logging
import PodIdentity

extension Pod {
  /// The label filter for the pod's containers in the engine's lists and events.
  var labelFilter: [String] {
    ["\(PodLabel.run)=\(request.run)", "\(PodLabel.taskID)=\(request.taskID)"]
  }

  /// Compares every container with its known state, and handles differences as missed events.
  ///
  /// - Throws: `EngineError` if the engine doesn't list the containers.
  func resynchronize() async throws {
    let known = members
    let listed = try await engine.listContainers(all: true, filters: ["label": labelFilter])
    let found = Dictionary(listed.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var exited: [String] = []
    var vanished: [String] = []
    var survivors = 0
    for (name, before) in known.sorted(by: { $0.value.index < $1.value.index }) {
      // Events that arrived during the request are more recent than the list.
      guard let id = before.container, let member = members[name], member.container == id,
        member.state == before.state
      else { continue }
      guard let container = found[id] else {
        vanished.append(name)
        continue
      }
      guard member.isAlive || member.isStarting else { continue }
      if container.isAlive {
        survivors += 1
        observeHealth(of: name, container.status)
        observeNetworks(of: name, container.networks)
      } else if member.state == .running {
        exited.append(name)
      }
    }
    // An engine that was restarted without live-restore stops all containers, even those that it
    // still lists as running. In the case of a remote engine, only the connection may have failed.
    if presence.isAway, presence.wasUnreachable, survivors == 0 || engine.endpoint.isLocal,
      !(await isLiveRestoring())
    {
      presence.recordTakedown()
    }
    for name in vanished {
      guard presence.isAway, survivors == 0, let member = members[name],
        member.state == .running
      else {
        handleRemoval(of: name)
        continue
      }
      // It had exited with the engine, and was then removed, for example by `docker container
      // prune`.
      update(name) { member in
        member.container = nil
        member.run.influence = .takedown
      }
      exited.append(name)
    }
    // Events may have arrived meanwhile.
    exited = exited.filter { members[$0]?.state == .running }
    // All are marked before the consequence for the first one is decided, because it may depend on
    // another one.
    for name in exited {
      advance(name, .exitReported)
      update(name) {
        $0.run.exit =
          $0.run.exit
          ?? PodContainer.Exit(
            code: nil, outages: presence.isAway ? presence.outages - 1 : presence.outages)
      }
    }
    if presence.isAway { await resumeFromLog() }
    for name in exited { inspectExit(of: name) }
  }

  private func isLiveRestoring() async -> Bool {
    (try? await engine.info().liveRestoreEnabled) ?? false
  }

  private func observeHealth(of name: String, _ status: String) {
    if status.hasSuffix("(healthy)") {
      update(name) { $0.health = .healthy }
    } else if status.hasSuffix("(unhealthy)"), members[name]?.health != .unhealthy,
      !hasOwnerAway(name)
    {
      update(name) { $0.health = .unhealthy }
      failUnhealthy(name)
    }
  }

  /// Logs one warning for each network from which another client has disconnected a container.
  private func observeNetworks(of name: String, _ networks: Set<String>) {
    guard let member = members[name] else { return }
    for network in member.plan.networkNames.subtracting(networks).sorted()
    where !member.lostNetworks.contains(network) {
      update(name) { $0.lostNetworks.insert(network) }
      log.warning(
        "\(member.plan.title) is no longer connected to network '\(network)': someone else disconnected it"
      )
    }
    update(name) { $0.lostNetworks.subtract(networks) }
  }

  /// Reads the output that the containers wrote meanwhile. A slow reader of the pod's output must
  /// not delay the pod.
  private func resumeFromLog() async {
    let readings = members.values.filter { $0.liveContainer != nil }.map { member in
      spawn { pod in
        do {
          try await member.output?.resume()
        } catch {
          pod.log.warning("the output of '\(member.name)' can't be read: \(error)")
        }
      }
    }
    let deadline = ContinuousClock.now + .seconds(2)
    for reading in readings { _ = await reading.hasEnded(within: max(.zero, deadline - .now)) }
  }
}

extension ContainerSummary {
  /// Whether it has a process, as far as the engine knows.
  var isAlive: Bool { ["running", "paused", "restarting"].contains(state) }
}

extension ContainerPlan {
  /// The names of the networks to which it is connected.
  var networkNames: Set<String> {
    let first = create.networkingConfig?.endpointsConfig?.keys.map { $0 } ?? []
    return Set(first).union(connections.map(\.network))
  }
}
