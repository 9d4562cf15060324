/// Files of services that restart together with another one.
enum GroupFile {
  /// Exits with 1 the first time that the file `go` exists, and writes its starts into /box/log.
  private static let owner = """
      owner:
        image: pod-test/busybox
        restart: on-failure
        volumes: [".:/box"]
        command:
          - sh
          - -c
          - 'echo owner starts >>/box/log; if [ -e /box/again ]; then echo again; exec sleep 1000; fi;
            until [ -e /box/go ]; do sleep 0.05; done; touch /box/again; exit 1'
        stop_signal: SIGKILL
    """

  /// A service that writes its starts and its stop signal into /box/log, and exits on the signal.
  static func obedient(_ name: String, _ keys: String, stop: String = "exit 0") -> String {
    """
      \(name):
        image: pod-test/busybox
        volumes: [".:/box"]
        command:
          - sh
          - -c
          - 'trap "echo \(name) told >>/box/log; echo told; \(stop)" TERM; echo \(name) starts >>/box/log;
            echo up; while :; do sleep 0.05; done'
        \(keys)
    """
  }

  /// A file of the owner and the services that follow it.
  static func of(_ services: String...) -> String {
    "services:\n" + ([owner] + services).joined(separator: "\n") + "\n"
  }
}
