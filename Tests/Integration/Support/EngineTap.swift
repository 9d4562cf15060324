import Foundation
import TestSupport
import Testing

/// A proxy of an engine that records when the engine reports a failure, and injects faults that a
/// real engine doesn't offer: delayed or lost responses, refusals, a missing socket.
struct EngineTap: Sendable {
  /// A fault, injected into matching requests.
  struct Fault: Encodable, Sendable {
    /// Matches `METHOD /path?query`, without the API version.
    let request: String
    /// The number of requests that it applies to; 0: all.
    var times = 0
    /// The engine does not receive the request: this status, with `message`, is the response.
    /// CONTAINER in it is the container's ID.
    var status: Int?
    var message = ""
    /// The engine receives the request only after `release`.
    var holdsRequest = false
    /// The engine performs the request; its response is held until `release`.
    var holdsResponse = false
    /// The engine performs the request; then the connection breaks.
    var losesResponse = false
    /// Texts of the response that are replaced by others of the same length.
    var swaps: [[String]] = []
  }

  /// A failure that the engine reported.
  struct Moment: Sendable {
    /// Seconds since 1970.
    let time: Double
    /// The request, and the beginning of the response.
    let text: String
  }

  /// The sockets' paths; the clients of different sockets are distinguished.
  let sockets: [String]
  private let process: RunningCommand

  /// The value of DOCKER_HOST for the first socket.
  var dockerHost: String { "unix://\(sockets[0])" }

  /// Calls `body` with a tap.
  ///
  /// - Parameters:
  ///   - engine: the engine behind the tap.
  ///   - count: the number of sockets that it listens on.
  ///   - faults: the first one that matches a request is injected.
  ///   - body: the use of the tap.
  /// - Throws: the errors of `body`.
  static func with(
    _ engine: TestEngine, sockets count: Int = 1, faults: [Fault] = [],
    _ body: (EngineTap) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { directory in
      let paths = (0..<count).map { directory.path("\($0).sock") }
      let rules = String(decoding: try JSONEncoder().encode(faults), as: UTF8.self)
      let process = try Command(
        "/usr/bin/python3", ["-c", relayProgram + program, engine.socket, rules] + paths
      )
      .start()
      defer { process.send(SIGKILL) }
      try await process.line(containing: "ready")
      try await body(EngineTap(sockets: paths, process: process))
    }
  }

  /// Failures on a socket since a time, in order.
  func moments(at socket: Int = 0, since: Double = 0) -> [Moment] {
    process.lines().compactMap { line in
      let words = line.split(separator: " ", maxSplits: 2)
      guard words.count == 3, let time = Double(words[0]), words[1] == "\(socket)", time >= since
      else { return nil }
      return Moment(time: time, text: String(words[2]))
    }
  }

  /// The requests with an injected fault so far.
  var injections: [String] {
    process.lines().filter { $0.hasPrefix("injected ") }
      .map { String($0.dropFirst("injected ".count)) }
  }

  /// Waits until a request or a response is held; with a held response, the engine has performed
  /// the request.
  func isHeld(within: Duration = .seconds(180)) async throws {
    try await process.line(containing: "held ", within: within)
  }

  /// Releases held responses, and holds no more.
  func release() async throws {
    process.send(SIGHUP)
    try await process.line(containing: "released")
  }

  /// Removes the sockets and breaks every connection, as if the engine exits.
  func close() async throws {
    process.send(SIGUSR1)
    try await process.line(containing: "closed")
  }

  /// Listens again.
  func open() async throws {
    process.send(SIGUSR2)
    try await process.line(containing: "open")
  }

  private static let program = #"""
    import json, time
    target, rules, paths = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3:]
    released, listeners = threading.Event(), []
    head = re.compile(rb'^(GET|POST|PUT|DELETE|HEAD) (?:/v[0-9.]+)?(/\S*) HTTP/1')
    failure = re.compile(rb'^HTTP/1\.1 [45]\d\d|"errorDetail"|health_status: unhealthy|"status":"die"|"(?:ExitCode|StatusCode)":[1-9]')
    for rule in rules: rule['left'] = rule['times'] or 1 << 30
    def say(*words):
        with lock: print(*words, flush=True)
    def fault(text):
        with lock:
            for rule in rules:
                if rule['left'] > 0 and re.search(rule['request'], text):
                    rule['left'] -= 1
                    return rule
    def ask(client, engine, state):
        try:
            while data := client.recv(65536):
                if found := head.match(data):
                    text = (found[1] + b' ' + found[2]).decode()
                    rule = fault(text)
                    state['request'], state['rule'] = text, rule
                    if rule: say('injected', text)
                    if rule and rule.get('status'):
                        named = re.search(rb'/containers/([0-9a-f]{64})|"Container":"([0-9a-f]{64})"', data)
                        named = (named[1] or named[2]).decode() if named else 'CONTAINER'
                        body = json.dumps({'message': rule['message'].replace('CONTAINER', named)}).encode()
                        client.sendall(b'HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n' % (rule['status'], len(body)) + body)
                        continue
                    if rule and rule['holdsRequest'] and not released.is_set():
                        say('held', text)
                        released.wait()
                engine.sendall(data)
            engine.shutdown(socket.SHUT_WR)
        except OSError: end(client), end(engine)
    def answer(engine, client, state, slot):
        try:
            while data := engine.recv(65536):
                rule = state['rule']
                for found in failure.finditer(data):
                    text = data[found.start():found.start() + 400]
                    if text.startswith(b'HTTP'): text = text[:12] + b' ' + data.partition(b'\r\n\r\n')[2][:400]
                    say('%.3f' % time.time(), slot, state['request'][:200], re.sub(r'\s+', ' ', text.decode('utf-8', 'replace')))
                if rule and rule['holdsResponse'] and not released.is_set():
                    say('held', state['request'])
                    released.wait()
                if rule and rule['losesResponse']: raise OSError('lost')
                for one, other in rule['swaps'] if rule else []: data = data.replace(one.encode(), other.encode())
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        except OSError: end(client), end(engine)
    def serve(client, slot):
        try: engine = connect(target)
        except OSError: return client.close()
        state = {'request': '', 'rule': None}
        back = lambda: answer(engine, client, state, slot)
        couple(client, engine, lambda: ask(client, engine, state), back)
    def listen(listener, slot):
        while True:
            try: client, _ = listener.accept()
            except OSError: return
            threading.Thread(target=serve, args=(client, slot), daemon=True).start()
    def begin():
        for slot, path in enumerate(paths):
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path), listener.listen(128)
            listeners.append(listener)
            threading.Thread(target=listen, args=(listener, slot), daemon=True).start()
    signals = [signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP]
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    begin()
    say('ready')
    while True:
        sent = signal.sigwait(signals)
        if sent == signal.SIGHUP:
            released.set()
            say('released')
        elif sent == signal.SIGUSR1:
            for path in paths: os.unlink(path)
            for listener in listeners: end(listener), listener.close()
            listeners.clear()
            end_all()
            say('closed')
        else:
            begin()
            say('open')
    """#
}

/// Runs a pod that reaches its engine through a tap with one fault.
func withPod(
  on engine: TestEngine, _ compose: String, _ settings: PodSettings = PodSettings(),
  through fault: EngineTap.Fault, _ body: (RunningPod, EngineTap) async throws -> Void
) async throws {
  try await EngineTap.with(engine, faults: [fault]) { tap in
    var settings = settings
    settings.environment["DOCKER_HOST"] = tap.dockerHost
    try await withPod(on: engine, compose, settings) { try await body($0, tap) }
  }
}
