import DockerEngine

// The Engine API and the Compose Specification use the same names for different types.

/// The Engine API's healthcheck.
typealias EngineHealthcheck = Healthcheck
/// The Engine API's restart policy.
typealias EngineRestartPolicy = RestartPolicy
/// The Engine API's address management.
typealias EngineIPAM = IPAM
