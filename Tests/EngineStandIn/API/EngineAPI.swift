/// The fields of each version of the Engine API from 1.25 to 1.41, for the endpoints that this
/// project calls.
///
/// The sources are the API reference (moby, `api/docs/v1.25.yaml` to `v1.41.yaml`) and its
/// `version-history.md`. The reference of an older version omits some fields of its engine, such as
/// `State.Health` and `HostConfig.Init`. The JSON types of that release's client library (moby,
/// `api/types` of the tags v1.13.0 to v20.10.24) then take precedence.
///
/// `Name` is a field of every version, `Name@30` was added in API 1.30, `Name<40` was removed in
/// 1.40. `Name=Object` is an object of `objects`, `Name{ … }` one with these fields, in a list or
/// not. `*` is any name. A name without fields may have any value.
enum EngineAPI {
  static let endpoints: [Endpoint] = [
    Endpoint("GET /_ping"),
    Endpoint("HEAD /_ping@40"),
    Endpoint(
      "GET /version",
      response: """
        Version ApiVersion MinAPIVersion GitCommit GoVersion Os Arch KernelVersion Experimental
        BuildTime Platform@35 Components@35{ Name Version Details }
        """),
    Endpoint("GET /info", response: info),
    Endpoint(
      "GET /events", query: "since until filters",
      filters: """
        container event image label type volume network daemon plugin@27 scope@30 config@33
        node@33 secret@33 service@33
        """,
      response: "Type Action Actor{ ID Attributes } time timeNano scope@30 status id from",
      streams: true),

    Endpoint(
      "GET /containers/json", query: "all limit size filters",
      filters: """
        exited status label isolation id name is-task ancestor before since volume network health
        expose@28 publish@28
        """,
      response: """
        Id Names Image ImageID Command Created Ports{ IP PrivatePort PublicPort Type } SizeRw
        SizeRootFs Labels State Status HostConfig{ NetworkMode }
        NetworkSettings{ Networks{ *=Endpoint } } Mounts=MountPoint
        """),
    Endpoint(
      "POST /containers/create", query: "name platform@41",
      body: """
        +Config HostConfig=HostConfig NetworkingConfig{ EndpointsConfig{ *=Endpoint } }
        """,
      response: "Id Warnings"),
    Endpoint("GET /containers/{id}/json", query: "size", response: inspection),
    Endpoint("POST /containers/{id}/start", query: "detachKeys"),
    Endpoint("POST /containers/{id}/stop", query: "t"),
    Endpoint("POST /containers/{id}/kill", query: "signal"),
    Endpoint("POST /containers/{id}/rename", query: "name"),
    Endpoint(
      "POST /containers/{id}/wait", query: "condition@30",
      response: "StatusCode Error@34{ Message }"),
    Endpoint(
      "POST /containers/{id}/attach", query: "detachKeys logs stream stdin stdout stderr",
      takesOver: true),
    Endpoint(
      "GET /containers/{id}/logs", query: "follow stdout stderr since timestamps tail until@35"),
    Endpoint("GET /containers/{id}/top", query: "ps_args", response: "Titles Processes"),
    Endpoint("GET /containers/{id}/stats", query: "stream"),
    Endpoint("DELETE /containers/{id}", query: "v force link"),
    Endpoint(
      "PUT /containers/{id}/archive", query: "path noOverwriteDirNonDir copyUIDGID@39",
      uploads: true),
    Endpoint("GET /containers/{id}/archive", query: "path"),
    Endpoint("HEAD /containers/{id}/archive", query: "path"),
    Endpoint(
      "POST /containers/{id}/exec",
      body: """
        AttachStdin AttachStdout AttachStderr DetachKeys Tty Env Cmd Privileged User
        WorkingDir@35 Detach
        """,
      response: "Id"),
    Endpoint("POST /exec/{id}/start", body: "Detach Tty", takesOver: true),
    Endpoint("POST /exec/{id}/resize", query: "h w"),
    Endpoint(
      "GET /exec/{id}/json",
      response: """
        ID Running ExitCode ProcessConfig{ privileged user tty entrypoint arguments } OpenStdin
        OpenStderr OpenStdout ContainerID Pid CanRemove DetachKeys
        """),

    Endpoint(
      "GET /images/json", query: "all filters digests",
      filters: "dangling label before since reference",
      response: """
        Id ParentId RepoTags RepoDigests Created Size SharedSize VirtualSize Labels Containers
        """),
    Endpoint(
      "GET /images/{name}/json",
      response: """
        Id RepoTags RepoDigests Parent Comment Created Container ContainerConfig=Config
        DockerVersion Author Config=Config Architecture Os OsVersion Size VirtualSize
        GraphDriver{ Name Data } RootFS{ Type Layers BaseLayer } Metadata@31{ LastTagTime }
        Variant@39
        """),
    Endpoint("DELETE /images/{name}", query: "force noprune", response: "Untagged Deleted"),
    Endpoint(
      "POST /images/create", query: "fromImage fromSrc repo tag platform@32 message changes",
      uploads: true),
    Endpoint("POST /images/load", query: "quiet", uploads: true),
    // The `docker` command sends this request. An engine ignores parameters that it doesn't
    // support.
    Endpoint("POST /build", query: "*", uploads: true),

    Endpoint(
      "GET /networks", query: "filters", filters: "driver id label name type scope@29 dangling@40",
      response: "+Network"),
    Endpoint("GET /networks/{id}", query: "verbose@28 scope@31", response: "+Network"),
    Endpoint(
      "POST /networks/create",
      body: """
        Name CheckDuplicate Driver Internal IPAM=IPAM EnableIPv6 Options Labels Attachable
        Ingress@29 Scope@30 ConfigOnly@30 ConfigFrom@30{ Network }
        """,
      response: "Id Warning"),
    Endpoint("DELETE /networks/{id}"),
    Endpoint("POST /networks/{id}/connect", body: "Container EndpointConfig=Endpoint"),
    Endpoint("POST /networks/{id}/disconnect", body: "Container Force"),

    Endpoint(
      "GET /volumes", query: "filters", filters: "name dangling driver label",
      response: "Volumes=Volume Warnings"),
    Endpoint("GET /volumes/{name}", response: "+Volume"),
    Endpoint("POST /volumes/create", body: "Name Driver DriverOpts Labels", response: "+Volume"),
    Endpoint("DELETE /volumes/{name}", query: "force"),
  ]

  /// Events that an engine before these versions doesn't send, whatever their type.
  static let events = ["exec_die": 36, "prune": 41]

  /// Header fields of responses that an engine before these versions doesn't send.
  static let headFields = [
    "ostype": 28, "builder-version": 39, "cache-control": 40, "pragma": 40, "swarm": 42,
  ]

  /// Failures by a part of their text, with the status of an engine without typed errors (before
  /// Docker 17.09; `GetHTTPErrorStatusCode` in moby's `api/server/httputils/errors.go`).
  static let untypedFailures = [
    ("removal of container", 400), ("marked for removal", 500), ("is not running", 500),
    ("already exists in network", 500), ("network with name", 500), ("has active endpoints", 500),
    ("address pool", 500),
  ]
  static let firstTypedFailures = 32
}
