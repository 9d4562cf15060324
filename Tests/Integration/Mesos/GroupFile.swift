/// Files of services that live by one that is started again.
enum GroupFile {
  /// Ends with 1 when told to for the first time, and writes what it does into /box/log.
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

  /// A service that writes its starts and its stop signal into /box/log, and obeys.
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

  /// A file of the owner and those that live by it.
  static func of(_ services: String...) -> String {
    "services:\n" + ([owner] + services).joined(separator: "\n") + "\n"
  }
}
