import Foundation
import PodIdentity
import TestSupport
import Testing

/// Processes that each hold a lease as an executor does, and renew it when the reaper is back.
final class LeaseHolders: Sendable {
  private let runs: [String]
  private let process: RunningCommand

  init(_ site: ReaperSite, _ runs: [String]) throws {
    self.runs = runs
    process = try Command(
      "/usr/bin/python3", ["-c", Self.program, site.runDirectory + "/lease.sock"] + runs
    ).start()
  }

  /// Pods, each of which belongs to its own process.
  func identities() async throws -> [PodIdentity] {
    var found: [PodIdentity] = []
    for run in runs { found.append(.forged(by: try await incarnation(run), run: run)) }
    return found
  }

  private func incarnation(_ run: String) async throws -> Incarnation {
    let words = try await process.line(containing: "\(run) ").split(separator: " ")
    let pid = try #require(Int32(words[1]))
    return Incarnation(
      bootID: Incarnation.current().bootID, pid: pid,
      startTime: Incarnation.startTime(of: pid))
  }

  /// Waits until the lease of a run is held.
  func holds(_ run: String) async throws { try await process.line(containing: "held \(run)") }

  /// Kills the process of a run.
  func kill(_ run: String) async throws {
    try await holds(run)
    let pid = try #require(try await incarnation(run).pid)
    #expect(Glibc.kill(pid, SIGKILL) == 0)
  }

  /// Stops all processes.
  func end() { process.send(SIGTERM) }

  /// As user 65534: claims both pods, releases one, floods, sends partial lines, and opens
  /// connections until none is accepted.
  static let liar = """
    import os, resource, socket, sys
    path, living, dead = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
    os.setgid(65534), os.setuid(65534)
    def client():
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(30)
        one.connect(path)
        return one
    def say(one, data):
        try: one.sendall(data)
        except OSError: pass
    def answer(one):
        try: return one.recv(64)
        except OSError: return b''
    kept = []
    for run in (living, dead):
        one = client()
        say(one, b'LEASE 1 ' + run.encode() + b'\\n')
        assert answer(one) == b'OK\\n'
        kept.append(one)
    gone = client()
    say(gone, b'LEASE 1 ' + living.encode() + b'\\nRELEASE\\n')
    while answer(gone): pass
    for data in (b'x' * 100000, b'LEASE 1 a/b\\n', b'\\0' * 600, b'RELEASE\\n', b'\\n' * 600):
        one = client()
        say(one, data)
        while answer(one): pass
    refused = 0
    for number in range(1100):
        one = client()
        say(one, b'LEASE 1 x%d\\n' % number if number % 2 else b'LEASE 1 ' + living.encode())
        if number % 2 and answer(one) != b'OK\\n': refused += 1
        kept.append(one)
    print('refused', refused, flush=True)
    while True: sys.stdin.read(1) or __import__('signal').pause()
    """

  private static let program = """
    import ctypes, os, signal, socket, sys, time
    path, children = sys.argv[1], []
    for run in sys.argv[2:]:
        child = os.fork()
        if child:
            print(run, child, flush=True)
            children.append(child)
            continue
        # However the parent ends, its children end with it (prctl(2), PR_SET_PDEATHSIG).
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        while True:
            lease = socket.socket(socket.AF_UNIX)
            try:
                lease.connect(path)
                lease.sendall(b'LEASE 1 ' + run.encode() + b'\\n')
                if lease.recv(3) == b'OK\\n':
                    print('held ' + run, flush=True)
                    lease.recv(1)
            except OSError: pass
            lease.close()
            time.sleep(0.1)
    def end(*_):
        for child in children: os.kill(child, signal.SIGKILL)
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
    while True: signal.pause()
    """
}

extension TestEngine {
  /// Waits until the engine has reported that a container was created and destroyed.
  func madeAndGone(container name: String) async throws {
    let words = ["events", "--since", "2m", "--until", "0s", "--filter", "container=\(name)"]
    for event in ["create", "destroy"] {
      try await eventually("\(event) of \(name)") {
        try await docker(words + ["--filter", "event=\(event)"]).output().contains(name)
      }
    }
  }
}
