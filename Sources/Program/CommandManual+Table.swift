extension CommandManual {
  /// The only table of exit codes and examples: every command of every program. Lines have at most
  /// 78 columns.
  package static let table: [CommandManual] = executor + files + pods + others

  private static let executor = [
    CommandManual(
      "compose-executor",
      [
        .shows("start a pod on this host", "compose-executor run -f compose.yaml"),
        .shows("the options and examples of one command", "compose-executor help run"),
      ],
      [
        .code(0, "as an executor: updates acknowledged, nothing left"),
        .code(1, "failed, or something is left; standard error has the cause"),
        .code(2, "wrong command or option, or no command on a terminal"),
      ]),
    CommandManual(
      "compose-executor run",
      [
        .shows("the project of this directory", "compose-executor run"),
        .shows(
          "with host ports as an agent would offer them",
          "compose-executor run -f compose.yaml --ports 31000-31005"),
        .shows(
          "two files merged, with a variable",
          "compose-executor run -f compose.yaml -f test.yaml --env TAG=1.2"),
      ],
      [
        .code(0, "the pod finished"),
        .code(1, "the pod failed, or a file is invalid"),
        .usage,
        .code(130, "the pod was killed: TERM, ctrl-C, or `stop`"),
        Exit(
          code: "CODE",
          meaning: "with roles: the exit code of the only main service, which failed"),
      ]),
  ]

  private static let files = [
    CommandManual(
      "compose-executor config",
      [
        .shows("the resolved file", "compose-executor config -f compose.yaml"),
        .shows("is the file valid?", "compose-executor config -q"),
        .shows("what `run` would create", "compose-executor config --pod --ports 31000-31005"),
        .shows("the variables of a file", "compose-executor config --variables"),
      ],
      [.code(0, "the file is valid"), .code(1, "the file is invalid"), .usage]),
    CommandManual(
      "compose-executor validate",
      [
        .shows("all errors of a file", "compose-executor validate compose.yaml"),
        .shows(
          "as JSON",
          "compose-executor validate --format json compose.yaml test.yaml"),
      ],
      [.code(0, "all files are valid"), .code(1, "a file is invalid"), .usage]),
    CommandManual(
      "compose-resources",
      [
        .shows("the resources that a pod needs", "compose-resources -f compose.yaml"),
        .shows(
          "an app for Marathon",
          "compose-resources --format marathon --files-at https://files.example.org"),
      ],
      [
        .code(0, "done"), .code(1, "a file is invalid"), .usage,
        .code(3, "a service sets no limit; each such service is printed"),
      ]),
  ]

  private static let pods = [
    CommandManual(
      "compose-executor ps",
      [
        .shows("all pods of this host", "compose-executor ps"),
        .shows("the services of one pod", "compose-executor ps web.1"),
        .shows("as JSON", "compose-executor ps --format json"),
      ]),
    CommandManual(
      "compose-executor logs",
      [
        .shows(
          "the last lines of all services, and further lines",
          "compose-executor logs --follow --tail 20 web.1"),
        .shows("one service", "compose-executor logs web.1 db"),
      ]),
    CommandManual(
      "compose-executor exec",
      [
        .shows("a shell in a service", "compose-executor exec web.1 db sh"),
        .shows(
          "without a terminal, in a script", "compose-executor exec -T web.1 db pg_isready"),
      ],
      [
        Exit(code: "CODE", meaning: "the command's own exit code"),
        .code(1, "failed before the command started"), .usage,
      ]),
    CommandManual(
      "compose-executor stop",
      [
        .shows("stop a pod as a KILL of its framework does", "compose-executor stop web.1"),
        .shows("with five seconds for its services", "compose-executor stop --grace 5s web.1"),
      ],
      [.code(0, "nothing of the pod is left"), .failed, .usage]),
    CommandManual(
      "compose-executor rm",
      [.shows("remove a failed pod that is kept", "compose-executor rm web.1")],
      [.code(0, "nothing of the pod is left"), .failed, .usage]),
    CommandManual(
      "compose-executor restart",
      [.shows("restart one service of a pod", "compose-executor restart web.1 db")]),
    CommandManual(
      "compose-executor top",
      [.shows("the processes of a pod", "compose-executor top web.1")]),
    CommandManual(
      "compose-executor stats",
      [.shows("processor time and memory of all pods", "compose-executor stats")]),
    CommandManual(
      "compose-executor inspect",
      [.shows("everything known about a pod, as JSON", "compose-executor inspect web.1")]),
    CommandManual(
      "compose-executor events",
      [.shows("the events of a pod", "compose-executor events web.1")]),
    CommandManual(
      "compose-executor doctor",
      [
        .shows("check this host before its first pod", "compose-executor doctor"),
        .shows("as JSON", "compose-executor doctor --format json"),
      ],
      [.code(0, "no check failed"), .code(1, "a check failed"), .usage]),
  ]

  private static let others = [
    CommandManual(
      "pod-reaper",
      [
        .shows("one pass that only reports", "pod-reaper --once --dry-run"),
        .shows("all pods, with their verdicts", "pod-reaper status"),
      ], reaperExits),
    CommandManual(
      "pod-reaper serve",
      [
        .shows("the service", "pod-reaper serve --interval 60s"),
        .shows("one pass, for cron", "pod-reaper serve --once"),
      ], reaperExits),
    CommandManual(
      "pod-reaper status",
      [
        .shows("all pods, with their verdicts", "pod-reaper status"),
        .shows("as JSON", "pod-reaper status --format json"),
      ], viewExits),
    CommandManual(
      "pod-reaper explain",
      [.shows("why a container is left or removed", "pod-reaper explain web.1_db")], viewExits),
    CommandManual(
      "pod-hook-notify",
      [
        .shows(
          "an agent removed an executor", "pod-hook-notify removed --framework F --executor E")
      ], notifyExits),
    CommandManual(
      "pod-hook-notify started",
      [
        .shows(
          "a container was launched",
          "pod-hook-notify started --run RUN --sandbox /var/lib/mesos/SANDBOX")
      ], notifyExits),
    CommandManual(
      "pod-hook-notify removed",
      [
        .shows(
          "an executor was removed", "pod-hook-notify removed --framework F --executor E")
      ], notifyExits),
  ]

  private static let reaperUsage = Exit.code(
    2, "wrong command, option, variable or settings file")

  private static let reaperExits: [Exit] = [
    .code(0, "--once: nothing leaked is left; service: stopped"),
    .code(1, "--once: something could not be removed; service: failed"),
    reaperUsage,
    .code(3, "Docker cannot be reached"),
    .code(4, "--once: another pass is running"),
  ]

  private static let viewExits: [Exit] = [
    .code(0, "done"), .failed, reaperUsage, .code(3, "Docker cannot be reached"),
  ]

  private static let notifyExits: [Exit] = [
    .code(0, "delivered"), .code(1, "neither delivered nor spooled"), reaperUsage,
    .code(4, "spooled: the reaper is not running, or busy"),
  ]
}
