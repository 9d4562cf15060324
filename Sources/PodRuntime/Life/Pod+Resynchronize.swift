import Concurrency
import DockerEngine
import Logging
import PodIdentity

extension Pod {
  /// What tells the pod's containers from others in the engine's lists and events.
  var labelFilter: [String] {
    ["\(PodLabel.run)=\(request.run)", "\(PodLabel.taskID)=\(request.taskID)"]
  }

  /// Compares every container with what the pod knows of it, and handles what differs as the event that was missed.
  ///
  /// - Throws: `EngineError` where the engine doesn't list them.
  func resynchronize() async throws {
    let known = members
    let listed = try await engine.listContainers(all: true, filters: ["label": labelFilter])
    let found = Dictionary(listed.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var exited: [String] = []
    var vanished: [String] = []
    var survivors = 0
    for (name, before) in known.sorted(by: { $0.value.index < $1.value.index }) {
      // What changed while the engine was asked is known better from events.
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
    // An engine that was restarted without live-restore takes all of them down, also those that it still lists as
    // running. Over a network it may have been the way alone that was broken.
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
      // It had exited with the engine: a prune, say, has removed what didn't run.
      update(name) { member in
        member.container = nil
        member.run.influence = .takedown
      }
      exited.append(name)
    }
    // Events may have come meanwhile.
    exited = exited.filter { members[$0]?.state == .running }
    // All are marked before what follows for the first is decided: it may need to wait for another.
    for name in exited {
      advance(name, .exitReported)
      update(name) {
        $0.run.exit =
          $0.run.exit
          ?? Member.Exit(
            code: nil, outages: presence.isAway ? presence.outages - 1 : presence.outages)
      }
    }
    if presence.isAway { await readOn() }
    for name in exited { look(into: name) }
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

  /// Warns once of each network that a container has lost: someone else disconnected it.
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

  /// Reads what the containers wrote meanwhile. Whoever doesn't read the pod's output must not hold up the rest of it.
  private func readOn() async {
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
  /// The networks that it is connected to, by name.
  var networkNames: Set<String> {
    let first = create.networkingConfig?.endpointsConfig?.keys.map { $0 } ?? []
    return Set(first).union(connections.map(\.network))
  }
}
