import Foundation
import Testing

@testable import DockerEngine

/// The effect of a feature on a request.
private enum Use {
  /// The features that the request requires.
  case need([EngineFeature])
  /// A text that the container's request has only from the first version on, and a text that it has
  /// before.
  case text(String, before: String = "", ContainerCreate)
  /// A call or a response, which `OlderEngineTests` tests.
  case call
}

@Suite("The features of the Engine API")
struct EngineFeatureTests {
  private static func host(_ change: (inout HostConfig) -> Void) -> ContainerCreate {
    var body = ContainerCreate(image: "image")
    var host = HostConfig()
    change(&host)
    body.hostConfig = host
    return body
  }

  private static func mount(_ mount: Mount) -> ContainerCreate { host { $0.mounts = [mount] } }

  private static func endpoint(_ change: (inout EndpointSettings) -> Void) -> ContainerCreate {
    var body = host { $0.networkMode = "net" }
    var settings = EndpointSettings()
    change(&settings)
    body.networkingConfig = NetworkingConfig(endpointsConfig: ["net": settings])
    return body
  }

  private static func bind(_ options: Mount.BindOptions) -> ContainerCreate {
    mount(Mount(type: "bind", source: "/a", target: "/b", bindOptions: options))
  }

  private static func healthy(_ check: Healthcheck) -> ContainerCreate {
    var body = ContainerCreate(image: "image")
    body.healthcheck = check
    return body
  }

  private static func use(_ feature: EngineFeature) -> Use {
    switch feature {
    case .deviceCgroupRules: .need(host { $0.deviceCgroupRules = ["c 1:3 rwm"] }.needs)
    case .startPeriod: .need(healthy(Healthcheck(startPeriod: 5)).needs)
    case .privateIPC: .need(host { $0.ipcMode = "private" }.needs)
    case .endpointDriverOptions: .need(endpoint { $0.driverOpts = ["a": "b"] }.needs)
    case .execWorkingDir:
      .need(
        {
          var body = ExecCreate(cmd: ["pwd"])
          body.workingDir = "/"
          return body.needs
        }())
    case .sctp: .need(host { $0.portBindings = ["80/sctp": []] }.needs)
    case .unmaskedPaths: .need(host { $0.maskedPaths = [] }.needs)
    case .deviceRequests: .need(host { $0.deviceRequests = [DeviceRequest(count: -1)] }.needs)
    case .nonRecursiveBind: .need(bind(.init(nonRecursive: true)).needs)
    case .privateCgroupNamespace: .need(host { $0.cgroupnsMode = "private" }.needs)
    case .hostGateway: .need(host { $0.extraHosts = ["a:host-gateway"] }.needs)
    case .forcedReadOnly: .need(bind(.init(readOnlyForceRecursive: true)).needs)
    case .addressOnOtherNetworks:
      .need(EndpointSettings(macAddress: "02:00:00:00:00:01").needs(isFirst: false))
    case .volumeSubpath:
      .need(mount(Mount(type: "volume", target: "/v", volumeOptions: .init(subpath: "s"))).needs)
    case .imageMount: .need(mount(Mount(type: "image", source: "i", target: "/i")).needs)
    case .withoutIPv4:
      .need(
        {
          var body = NetworkCreate(name: "n")
          body.enableIPv4 = false
          return body.needs
        }())
    case .interfaceName:
      .need(endpoint { $0.driverOpts = [EndpointSettings.interfaceName: "lan0"] }.needs)
    case .consistency:
      .text(
        #""Consistency":"cached""#,
        mount(Mount(type: "bind", source: "/a", target: "/b", consistency: "cached")))
    case .shareableIPC: .text(#""IpcMode":"shareable""#, host { $0.ipcMode = "shareable" })
    case .capabilityPrefix:
      .text(#"["CAP_KILL"]"#, before: #"["KILL"]"#, host { $0.capAdd = ["CAP_KILL"] })
    case .hostCgroupNamespace: .text(#""CgroupnsMode":"host""#, host { $0.cgroupnsMode = "host" })
    case .createMountpoint:
      .text(#""CreateMountpoint":true"#, bind(.init(createMountpoint: true)))
    case .writableSubmounts:
      .text(#""ReadOnlyNonRecursive":true"#, bind(.init(readOnlyNonRecursive: true)))
    case .annotations: .text(#""Annotations""#, host { $0.annotations = ["a": "b"] })
    case .startInterval: .text(#""StartInterval":5"#, healthy(Healthcheck(startInterval: 5)))
    case .gatewayPriority: .text(#""GwPriority":3"#, endpoint { $0.gwPriority = 3 })
    case .waitCondition, .pullPlatform, .logsUntil, .createPlatform, .endpointAddress,
      .uniqueNetworkNames, .tagTime, .cgroupVersion:
      .call
    }
  }

  @Test(
    "are used from their first version on, and not below it", arguments: EngineFeature.allCases)
  func matrix(_ feature: EngineFeature) throws {
    let at = EngineAbility(feature.since)
    let below = EngineAbility(APIVersion(1, feature.since.minor - 1))
    #expect(at.has(feature) && !below.has(feature))
    switch Self.use(feature) {
    case .need(let needs):
      #expect(feature.fallback == .refused && needs == [feature])
      #expect(at.refusal(of: needs) == nil)
      let refusal = try #require(below.refusal(of: needs))
      #expect(refusal.hasPrefix("\(feature.subject) needs API \(feature.since) (Docker "))
      #expect(refusal.hasSuffix("), the engine has API \(below.version)"))
    case .text(let text, let before, let body):
      func sent(_ ability: EngineAbility) throws -> (text: String, dropped: [String]) {
        let (fitted, dropped) = body.fitted(to: ability)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return (String(decoding: try encoder.encode(fitted), as: UTF8.self), dropped)
      }
      #expect(try sent(at).text.contains(text) && sent(at).dropped.isEmpty)
      let old = try sent(below)
      #expect(!old.text.contains(text) && (before.isEmpty || old.text.contains(before)), "\(old)")
      #expect(old.dropped.count == (feature.fallback == .leftOut ? 1 : 0))
      #expect(old.dropped.allSatisfy { $0.contains("needs API \(feature.since)") })
      #expect(body.needs.isEmpty)
    case .call: break
    }
  }

  @Test("are described unless they are refused, and need versions that the client supports")
  func rows() {
    for feature in EngineFeature.allCases {
      #expect(feature.below.isEmpty == (feature.fallback == .refused), "\(feature)")
      #expect(feature.since > .oldest && feature.since <= .newest)
      #expect(feature.since.engine.wholeMatch(of: /[0-9.]+/) != nil)
    }
  }

  @Test("above a cap are reported with the cap instead of the engine's version")
  func capped() {
    let ability = EngineAbility(APIVersion(1, 30), isCapped: true)
    #expect(
      ability.lack(of: .volumeSubpath)
        == "a volume's subpath needs API 1.45 (Docker 26.0), DOCKER_API_VERSION is 1.30")
  }

  @Test("place the address of the first network where the engine reads it")
  func address() {
    var own = ContainerCreate(image: "image")
    own.hostConfig = HostConfig()
    own.hostConfig?.networkMode = "bridge"
    own.macAddress = "02"
    let fitted = own.fitted(to: EngineAbility(APIVersion(1, 44))).0
    #expect(fitted.macAddress == nil)
    #expect(fitted.networkingConfig?.endpointsConfig?["bridge"]?.macAddress == "02")
    let body = Self.endpoint { $0.macAddress = "02" }
    #expect(body.fitted(to: EngineAbility(APIVersion(1, 43))).0.macAddress == "02")
    #expect(body.fitted(to: EngineAbility(APIVersion(1, 44))).0.macAddress == nil)
  }
}

@Suite("DOCKER_API_VERSION")
struct VersionCapTests {
  @Test(
    "caps the version: unset, empty and newer ones change nothing",
    arguments: [
      (nil, "1.51"), ("", "1.51"), ("1.25", "1.25"), ("v1.40", "1.40"), ("1.99", "1.51"),
      ("2.0", "1.51"),
    ])
  func accepted(text: String?, version: String) throws {
    let environment = text.map { ["DOCKER_API_VERSION": $0] } ?? [:]
    #expect(try APIVersion.cap(environment: environment) == APIVersion(version))
  }

  @Test(
    "is refused in a line that names it where it is none, or too old",
    arguments: [
      ("1", "expected a version such as 1.51"), ("1.x", "expected a version such as 1.51"),
      ("1.-5", "expected a version"), (" 1.40", "expected a version"),
      ("1.24", "this program needs API 1.25 or newer"),
    ])
  func refused(text: String, words: String) {
    let error = #expect(throws: EngineError.self) {
      try DockerEngine(environment: ["DOCKER_API_VERSION": text])
    }
    #expect(error?.kind == .configuration)
    #expect(
      error?.description.hasPrefix("Docker Engine: DOCKER_API_VERSION=\(text): \(words)") == true)
  }
}
