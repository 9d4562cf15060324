/// A way for service `a` to fail before its pod runs.
struct FailureKind: Sendable, CustomStringConvertible {
  /// The name in the table.
  let name: String
  /// Lines of service `a`, besides image and command.
  let keys: [String]
  /// A pattern of the message's part that names the reason, ignoring case.
  let cause: String
  /// A pattern of the engine's response or event at the moment of the failure (see ``EngineTap``).
  /// Without one, the executor itself finds the fault, and its start is that moment.
  let moment: String?
  /// The command of the service.
  let command: String?
  /// The image of the service.
  let image: String
  /// The lines after the services in the file.
  let top: String
  /// The message names the service. Otherwise an object of the pod fails: a network, a volume.
  let namesService: Bool
  /// It has its own healthcheck.
  let hasHealthcheck: Bool
  /// The failure concerns the network of the service.
  let isAboutNetwork: Bool

  init(
    _ name: String, _ keys: [String] = [], cause: String, moment: String? = start,
    command: String? = #"["sleep", "1000"]"#, image: String = "pod-test/busybox", top: String = "",
    namesService: Bool = true, hasHealthcheck: Bool = false, isAboutNetwork: Bool = false
  ) {
    self.name = name
    self.keys = keys
    self.cause = cause
    self.moment = moment
    self.command = command
    self.image = image
    self.top = top
    self.namesService = namesService
    self.hasHealthcheck = hasHealthcheck
    self.isAboutNetwork = isAboutNetwork
  }

  var description: String { name }

  static let create = #"^POST /containers/create\S* HTTP/1.1 [45]"#
  static let start = #"^POST /containers/\w+/start HTTP/1.1 [45]"#
  private static let exit = #""status":"die""#
  private static let network = #"^POST /networks/create HTTP/1.1 [45]"#
  private static let volume = #"^POST /volumes/create HTTP/1.1 [45]"#
  private static let pull = #"^POST /images/create.*(HTTP/1.1 [45]|errorDetail)"#

  /// The service can be running for a moment before its exit is detected.
  var mayRun: Bool { moment == Self.exit && !hasHealthcheck }

  /// All kinds. `$NUMBER` is different for each case, because dockerd searches for a plugin of one
  /// name only once at a time. `$SUBNET` and `$OUTSIDE` are the case's own addresses, `$TAKEN` is
  /// in use by another network, `$ABSENT` and `$DENIED` are images that registries don't have or
  /// refuse.
  static let all = program + resources + network_ + volumes + images + life

  private static let program = [
    FailureKind(
      "entry point missing", [#"entrypoint: ["/nope"]"#], cause: "/nope.*; hint: the path is wrong"),
    FailureKind(
      "not executable", cause: "permission denied.*; hint: make it executable",
      command: #"["/etc/passwd"]"#),
    FailureKind(
      "wrong architecture", [#"volumes: ["./wrong:/wrong"]"#],
      cause: "exec format error; hint: the program is for",
      moment: exit, command: #"["/wrong"]"#),
    FailureKind("user unknown", ["user: nobodyhere"], cause: "nobodyhere"),
    FailureKind(
      "working directory is a file", ["working_dir: /etc/passwd"], cause: "/etc/passwd",
      moment: create),
  ]

  private static let resources = [
    FailureKind("device missing", [#"devices: ["/dev/nope:/dev/nope"]"#], cause: "/dev/nope"),
    FailureKind(
      "log driver unknown", ["logging: {driver: nope$NUMBER}"], cause: "nope$NUMBER", moment: create
    ),
    FailureKind("runtime unknown", ["runtime: nope"], cause: "nope", moment: create),
    FailureKind(
      "storage option rejected", ["storage_opt: {size: 1G}"], cause: "storage-opt|pquota",
      moment: create),
    FailureKind(
      "sysctl forbidden", [#"sysctls: {kernel.nonsense: "1"}"#], cause: "kernel.nonsense"),
    FailureKind("ulimit invalid", ["ulimits: {nofile: 2000000000}"], cause: "rlimit"),
    FailureKind(
      "cpuset out of range", [#"cpuset: "900""#], cause: "requested 900|CPUs are not available",
      moment: create),
  ]

  private static let network_ = [
    FailureKind(
      "address outside the subnet", ["networks: {default: {ipv4_address: $OUTSIDE}}"],
      cause: "$OUTSIDE", top: "networks: {default: {ipam: {config: [{subnet: $SUBNET}]}}}",
      isAboutNetwork: true),
    FailureKind(
      "subnet in use", cause: "pool overlaps|address space|subnet", moment: network,
      top: "networks: {default: {ipam: {config: [{subnet: $TAKEN}]}}}", namesService: false,
      isAboutNetwork: true),
    FailureKind(
      "external network gone", cause: "network 'gone'", moment: "^GET /networks/gone HTTP/1.1 404",
      top: "networks: {default: {external: true, name: gone}}", namesService: false,
      isAboutNetwork: true),
  ]

  private static let volumes = [
    FailureKind(
      "external volume gone", [#"volumes: ["store:/store"]"#], cause: "volume 'gone'",
      moment: "^GET /volumes/gone HTTP/1.1 404",
      top: "volumes: {store: {external: true, name: gone}}", namesService: false),
    FailureKind(
      "volume driver missing", [#"volumes: ["store:/store"]"#], cause: "nope$NUMBER",
      moment: volume,
      top: "volumes: {store: {driver: nope$NUMBER}}", namesService: false),
    // Without the kernel's NFS client the mount fails at once; a mount that hangs has its own test.
    FailureKind(
      "nfs can't be mounted", [#"volumes: ["store:/store"]"#], cause: "addr=127.0.0.1",
      moment: #"^POST /containers/\S* HTTP/1.1 [45]"#,
      top: """
        volumes:
          store:
            driver_opts: {type: nfs, o: "addr=127.0.0.1,soft,timeo=10,retrans=1", device: ":/x"}
        """),
    FailureKind(
      "bind source missing",
      ["volumes: [{type: bind, source: ./missing, target: /x, bind: {create_host_path: false}}]"],
      cause: "/missing", moment: create),
    FailureKind(
      "config into a read-only root",
      ["read_only: true", "configs: [{source: c, target: /etc/c}]"],
      cause: "config .c. .*read-only", moment: nil, top: "configs: {c: {content: hello}}",
      namesService: false),
  ]

  private static let images = [
    FailureKind(
      "image not found", cause: "$ABSENT.*(not found|unknown).*; hint: the registry has no",
      moment: pull, image: "$ABSENT",
      namesService: false),
    FailureKind(
      "registry refuses", cause: "$DENIED.*denied.*; hint: check the image", moment: pull,
      image: "$DENIED",
      namesService: false),
    FailureKind(
      "image absent and not to be pulled", ["pull_policy: never"], cause: "nobody/nothing:1",
      moment: "^GET /images/nobody/nothing:1/json HTTP/1.1 404", image: "nobody/nothing:1",
      namesService: false),
  ]

  private static let words = #"["sh", "-c", "echo no keys >&2; exit 5"]"#

  private static let life = [
    FailureKind(
      "pre_start fails", [#"pre_start: [{command: \#(words)}]"#],
      cause: "pre_start.*exited with 5: no keys", moment: #""StatusCode":5"#),
    FailureKind(
      "post_start fails", [#"post_start: [{command: \#(words)}]"#],
      cause: "post_start.*exited with 5: no keys", moment: #""ExitCode":5"#),
    FailureKind(
      "unhealthy",
      [
        #"healthcheck: {test: ["CMD-SHELL", "echo sick; exit 1"], interval: 300ms, retries: 1}"#
      ], cause: "unhealthy: sick .the check exited with 1.", moment: "health_status: unhealthy",
      hasHealthcheck: true),
    FailureKind(
      "exits before healthy", [#"healthcheck: {test: ["CMD", "true"], interval: 30s}"#],
      cause: "exited with 5: no keys", moment: exit, command: words,
      hasHealthcheck: true),
    FailureKind(
      "exits", cause: "exited with 5: no keys", moment: exit, command: words),
  ]
}
