// swift-tools-version: 6.2
import PackageDescription

/// `make lint` and CI set this.
let lint: [SwiftSetting] =
  Context.environment["WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

/// Every target is Swift 6 with strict concurrency; a warning is an error in CI (`make lint`).
let settings: [SwiftSetting] =
  lint + [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]

/// Where scripts/static-curl put libcurl: the programs are static executables then.
let staticCurl = Context.environment["STATIC_CURL"]

let libcurl: [LinkerSetting] =
  if let staticCurl {
    // By their paths: the directory of the others may have a libcurl.a too.
    [
      .unsafeFlags(["\(staticCurl)/libcurl.a"]), .linkedLibrary("cares"),
      .unsafeFlags(["\(staticCurl)/libssl.a", "\(staticCurl)/libcrypto.a"]),
    ]
  } else {
    [.linkedLibrary("curl")]
  }
let linking: [LinkerSetting] =
  staticCurl == nil
  ? []
  : [
    .unsafeFlags([
      "-static-executable", "-use-ld=lld", "-Xlinker", "--icf=all", "-Xlinker", "-z", "-Xlinker",
      "nostart-stop-gc", "-Xlinker", "--wrap=_Unwind_ForcedUnwind", "-Xlinker",
      "--wrap=_swift_stdlib_getScalarName", "-Xlinker",
      // See cshim/CNoFoundation.
      "--defsym=$s20FoundationEssentials14LocalizedErrorMp=$s7Program14LocalizedErrorMp",
      "-Xlinker", "-T", "-Xlinker",
      "\(Context.packageDirectory)/scripts/static.ld",
    ])
  ]

let arguments = product("ArgumentParser", of: "swift-argument-parser")
let collections = product("OrderedCollections", of: "swift-collections")
let logging = product("Logging", of: "swift-log")
let system = product("SystemPackage", of: "swift-system")

func product(_ name: String, of package: String) -> Target.Dependency {
  .product(name: name, package: package)
}

/// A library below Sources, or where `path` says.
func library(
  _ name: String, _ uses: [Target.Dependency] = [], path: String? = nil
) -> Target {
  .target(name: name, dependencies: uses, path: path, swiftSettings: settings)
}

/// A program that is shipped.
func program(_ name: String, _ uses: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: uses, swiftSettings: settings, linkerSettings: linking)
}

/// A program of the tests.
func tool(_ name: String, _ uses: [Target.Dependency] = [], path: String) -> Target {
  .executableTarget(name: name, dependencies: uses, path: path, swiftSettings: settings)
}

/// Tests below Tests; all have TestSupport.
func tests(
  _ name: String, _ uses: [Target.Dependency] = [], path: String? = nil, exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: uses + ["TestSupport"], path: path, exclude: exclude,
    swiftSettings: settings)
}

let package = Package(
  name: "compose-executor",
  products: [
    .executable(name: "compose-executor", targets: ["Executor"]),
    .executable(name: "pod-reaper", targets: ["Reaper"]),
    .executable(name: "pod-hook-notify", targets: ["HookNotify"]),
    .executable(name: "compose-resources", targets: ["ResourceCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // C that Swift cannot call by itself.
    .target(name: "CCurl", path: "cshim/CCurl", linkerSettings: libcurl),
    .target(name: "CYaml", path: "cshim/CYaml", linkerSettings: [.linkedLibrary(":libyaml.a")]),
    .systemLibrary(name: "CCgroup", path: "cshim/CCgroup"),
    // A static libcurl brings c-ares along, which must come behind it.
    .target(
      name: "CNames", path: "cshim/CNames",
      linkerSettings: staticCurl == nil ? [.linkedLibrary("cares")] : []),
    .systemLibrary(name: "CDBus", path: "cshim/CDBus", pkgConfig: "dbus-1"),
    .target(
      name: "CNoServer", path: "cshim/CNoServer",
      cSettings: staticCurl == nil ? [] : [.define("STATIC_DBUS")]),
    .target(
      name: "CNoFoundation", path: "cshim/CNoFoundation",
      cSettings: staticCurl == nil ? [] : [.define("STATIC_PROGRAM")]),
    .target(name: "CLinux", path: "cshim/CLinux"),
    .target(name: "CSignals", path: "cshim/CSignals"),

    // From the bottom up: a target uses only targets above it in this list.
    library("Concurrency"),
    library("JSON"),
    library("Linux", ["CLinux", system]),
    library("YAML", ["JSON", "CYaml", collections]),
    library("Settings", ["Linux", "YAML", collections]),
    library("PodIdentity", ["Linux", system]),
    library("Cgroups", ["CLinux", "Linux", "PodIdentity", system]),
    library("Systemd", ["CDBus", "CNoServer"]),
    // libcgroup, for pod-reaper alone.
    library("LibcgroupTree", ["CCgroup", "Cgroups", "Linux", "PodIdentity", system]),
    library("HTTPClient", ["CCurl", "Concurrency"]),
    library("DockerEngine", ["JSON", "Concurrency", "HTTPClient"]),
    // What executor and reaper both know about a pod's objects.
    library(
      "PodObjects", ["Cgroups", "Concurrency", "DockerEngine", "Linux", "PodIdentity", system]),
    // How a running pod is observed and controlled from outside.
    library(
      "PodControl", ["JSON", "CLinux", "Concurrency", "Linux", "PodIdentity", "YAML", system]),
    // What a sandbox gets at the end of a pod.
    library("PodReports", ["JSON", "CLinux", "DockerEngine", "Linux", "PodControl", system]),
    library(
      "Program",
      ["CNoFoundation", "JSON", "CLinux", "Linux", "Settings", "YAML", arguments, logging]),
    library(
      "PodViews",
      [
        "Cgroups", "DockerEngine", "Linux", "PodControl", "PodIdentity", "PodObjects", "Program",
        "YAML",
      ]),
    library(
      "MesosExecutor",
      ["JSON", "CNames", "Concurrency", "HTTPClient", "Linux", "PodIdentity", logging]),
    library("Compose", ["Linux", "YAML", collections, system]),
    library(
      "PodRuntime",
      [
        "JSON", "CLinux", "Concurrency", "Linux", "YAML", "Compose", "DockerEngine", "Cgroups",
        "PodControl", "PodIdentity", "PodObjects", "PodReports", "Systemd", collections, logging,
        system,
      ]),
    library("ComposeArguments", ["Compose", "Linux", "Program", "YAML", arguments]),
    program(
      "Executor",
      [
        "JSON", "CLinux", "CSignals", "Concurrency", "Linux", "YAML", "Settings", "Program",
        "ComposeArguments",
        "PodRuntime", "PodControl", "PodViews", "PodObjects", "Cgroups", "Compose", "DockerEngine",
        "HTTPClient", "MesosExecutor", "PodIdentity", arguments, collections, logging, system,
      ]),
    library("PodResources", ["JSON", "YAML", "Compose", "Program", collections]),
    program(
      "ResourceCommand",
      [
        "YAML", "PodResources", "Program", "ComposeArguments", "Compose", "Linux", "Settings",
        arguments,
      ]),
    // From the Mesos agent to pod-reaper.
    .target(name: "HookShim"),
    library("HookEvents", ["HookShim"]),
    library(
      "Reaping",
      [
        "JSON", "HookEvents", "Linux", "YAML", "Settings", "Program", "DockerEngine", "HTTPClient",
        "Cgroups", "LibcgroupTree", "PodControl", "PodIdentity", "PodObjects", "PodReports",
        "CLinux", "Concurrency", "Systemd", system, collections, logging,
      ]),
    program(
      "Reaper",
      ["Reaping", "Linux", "Settings", "YAML", "Program", "DockerEngine", "CLinux", arguments]),
    program(
      "HookNotify",
      ["HookShim", "Linux", "YAML", "Settings", "Program", arguments, collections]),

    library("TestSupport", path: "Tests/Support"),
    tests("HookEventsTests", ["HookEvents", "HookShim"]),
    tests("HookShimTests", exclude: ["Scenarios"]),
    tests("HookModuleTests", exclude: ["README.md", "agent.cpp", "include"]),
    tests("HookNotifyTests", ["HookEvents", "HookNotify", "YAML"]),
    library("AgentStandIn", ["TestSupport"], path: "Tests/AgentStandIn"),
    library("EngineStandIn", ["AgentStandIn", "TestSupport"], path: "Tests/EngineStandIn"),
    tests("EngineStandInTests", ["AgentStandIn", "EngineStandIn"]),
    tool(
      "agent-stand-in", ["AgentStandIn", "TestSupport", arguments], path: "Tests/AgentStandInTool"),
    // Runs a program as if the kernel were Linux 3.10.
    .executableTarget(name: "old-linux", path: "Tests/OldLinux"),
    tests("AgentStandInTests", ["AgentStandIn", "HTTPClient"]),
    tests("ConcurrencyTests", ["Concurrency"]),
    tests("JSONTests", ["JSON"]),
    tests("LinuxTests", ["Linux", system]),
    tests("SettingsTests", ["Settings"]),
    tests("PodIdentityTests", ["PodIdentity", "Linux"]),
    tests("CgroupsTests", ["Cgroups", "Linux", system], exclude: ["Recorded"]),
    // Works on cgroups as pod-reaper does, for tests and benchmarks.
    tool("cgroup-tool", ["Cgroups", "LibcgroupTree", arguments, system], path: "Tests/CgroupTool"),
    tests("LibcgroupTreeTests", ["Cgroups", "LibcgroupTree", "cgroup-tool", system]),
    tests("SystemdTests", ["Systemd"]),
    tests("HTTPClientTests", ["HTTPClient"]),
    tests("DockerEngineTests", ["Concurrency", "DockerEngine", "HTTPClient"]),
    tests(
      "PodObjectsTests",
      ["PodObjects", "Cgroups", "Concurrency", "DockerEngine", "PodIdentity", system]),
    tests(
      "PodReportsTests", ["DockerEngine", "PodControl", "PodReports", "YAML"]),
    tests("PodControlTests", ["PodControl", "Concurrency", "Linux", "PodIdentity", "YAML"]),
    tests(
      "PodViewsTests",
      [
        "PodViews", "PodControl", "Cgroups", "DockerEngine", "PodIdentity", "PodObjects", "Program",
        "YAML",
      ]),
    tests("MesosExecutorTests", ["JSON", "MesosExecutor", "HTTPClient", logging]),
    tests(
      "ComposeTests", ["YAML", "Compose", "Executor", "PodRuntime", collections],
      exclude: ["Corpus", "Goldens", "Kinds", "Legacy", "Refused", "Support/compose1.py"]),
    tests("ManualTests"),
    tests("ResourcesTests"),
    tests("PodResourcesTests", ["PodResources", "YAML", "Compose", "PodRuntime", collections]),
    tests(
      "PodRuntimeTests",
      [
        "CLinux", "Linux", "YAML", "PodRuntime", "PodControl", "Cgroups", "Compose",
        "DockerEngine", "PodIdentity", "Systemd", logging, collections,
      ]),
    tests(
      "PolicyTests",
      ["Compose", "DockerEngine", "Executor", "Linux", "PodIdentity", "PodRuntime", "YAML"]),
    tests("ProgramTests", ["Program"]),
    tests(
      "ExecutorTests",
      [
        "Executor", "HTTPClient", "Linux", "YAML", "Settings", "Program", "ComposeArguments",
        "Compose", "DockerEngine", "PodControl", "PodIdentity", "MesosExecutor", "PodRuntime",
        arguments, collections,
      ]),
    tests(
      "ReapingTests",
      [
        "Reaper", "Reaping", "HookEvents", "HookShim", "Linux", "YAML", "Settings", "Program",
        "PodIdentity", "PodObjects", "Cgroups", "DockerEngine", arguments, logging, system,
      ]),
    tests(
      "DocumentsTests",
      ["DockerEngine", "Executor", "PodIdentity", "Program", "Reaper", "Reaping", "Settings"]),
    tests(
      "Integration",
      [
        "AgentStandIn", "EngineStandIn", "YAML", "Compose", "DockerEngine", "PodIdentity",
        "Cgroups", "Concurrency", "PodObjects", "Reaping", collections, logging,
      ],
      exclude: ["Compose/Parity", "Compose/Running"]),
  ]
)
