import Compose
import DockerEngine
import JSON
import YAML

extension PodPlan {
  /// The plan as JSON: the Engine API's requests, in the order of the file. References to other
  /// containers contain the name of the service.
  ///
  /// - Throws: `EncodingError`, which can't occur for these types.
  package func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(Printed(plan: self)), as: UTF8.self)
  }

  private struct Printed: Encodable {
    struct Container: Encodable {
      var name: String
      var dependsOn: [String: String]
      var create: ContainerCreate
      var connect: [String: EndpointSettings]
    }
    /// The options of the pod that are not part of the requests, by name.
    struct Options: Encodable {
      var share: [String]
      var network: String?
      var type: String
      var checkService: String?
      var taskEnv: String
      var taskFile: Bool
      var keepVolumes: Bool
      var keepFailed: String?
      var rmi: String
      var splitLogs: String?
      var onEngineRestart: String
      var roles: [String: String]?
      var mains: String
      var finalTimeout: String
      var onUnhealthy: String
      var onOom: String
      var hooks: [Hook]

      init(_ options: PodOptions) {
        share = (options.sharedNetwork == nil ? [] : ["net"]) + (options.sharesPID ? ["pid"] : [])
        network = options.sharedNetwork
        type = options.kind.rawValue
        checkService = options.checkService
        taskEnv = options.taskVariables.rawValue
        taskFile = options.hasTaskFile
        keepVolumes = options.keepsVolumes
        keepFailed = options.keepFailed > 0 ? "\(options.keepFailed)s" : nil
        rmi = options.imageRemoval.rawValue
        splitLogs = options.splitLogs?.text
        onEngineRestart = options.onEngineRestart.rawValue
        roles = options.roles.isEmpty ? nil : options.roles.mapValues(\.rawValue)
        mains = options.mains.rawValue
        finalTimeout = "\(options.finalTimeout)"
        onUnhealthy = options.onUnhealthy.rawValue
        onOom = options.onOutOfMemory.rawValue
        hooks = options.hooks.map(Hook.init)
      }
    }
    struct Hook: Encodable {
      var event: String
      var command: String
      var timeout: String

      init(_ hook: PodHook) {
        event = hook.event.rawValue
        command = hook.command
        timeout = "\(hook.timeout)"
      }
    }
    var options: Options
    var networks: [NetworkCreate]
    var volumes: [VolumeCreate]
    var externalNetworks: [String]
    var externalVolumes: [String]
    var containers: [Container]

    init(plan: PodPlan) {
      options = Options(plan.options)
      networks = plan.networks
      volumes = plan.volumes
      externalNetworks = plan.externalNetworks.map(\.value)
      externalVolumes = plan.externalVolumes.map(\.value)
      // IDs exist only after the creation, so the name of the service is used instead.
      let ids = Dictionary(
        uniqueKeysWithValues: plan.containers.map { ($0.key, "<\($0.name)>") })
      containers = plan.containers.map { container in
        Container(
          name: container.name,
          dependsOn: Dictionary(
            uniqueKeysWithValues: container.dependencies.map {
              ($0.service, $0.dependency.condition.rawValue)
            }),
          create: plan.defaults.completing(
            container.resolved(
              image: container.service.image?.value
                ?? "<built from \(container.service.build?.context ?? "")>",
              ids: ids),
            // The image's stop signal isn't known. It overrides an operator's default that isn't
            // enforced.
            of: container, memory: plan.taskMemory, imageSignal: ""),
          connect: Dictionary(
            uniqueKeysWithValues: container.resolvedConnections(ids: ids).map {
              ($0.network, $0.settings)
            }))
      }
    }
  }
}
