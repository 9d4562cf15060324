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
let program: [LinkerSetting] =
  staticCurl == nil
  ? []
  : [
    .unsafeFlags([
      "-static-executable", "-use-ld=lld", "-Xlinker", "--icf=all", "-Xlinker", "-z", "-Xlinker",
      "nostart-stop-gc", "-Xlinker", "--wrap=_Unwind_ForcedUnwind", "-Xlinker", "-T", "-Xlinker",
      "\(Context.packageDirectory)/scripts/static.ld",
    ])
  ]

let package = Package(
  name: "compose-executor",
  products: [
    .executable(name: "compose-executor", targets: ["Executor"]),
    .executable(name: "pod-reaper", targets: ["Reaper"]),
    .executable(name: "pod-hook-notify", targets: ["HookNotify"]),
    .executable(name: "compose-resources", targets: ["Resources"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
  ],
  targets: [
    // C that Swift cannot call by itself.
    .target(
      name: "CCurl", path: "cshim/CCurl", linkerSettings: libcurl),
    .target(
      name: "CYaml", path: "cshim/CYaml", linkerSettings: [.linkedLibrary(":libyaml.a")]),

    .systemLibrary(name: "CCgroup", path: "cshim/CCgroup"),

    // A static libcurl brings c-ares along, which must come behind it.
    .target(
      name: "CNames", path: "cshim/CNames",
      linkerSettings: staticCurl == nil ? [.linkedLibrary("cares")] : []),
    .systemLibrary(name: "CDBus", path: "cshim/CDBus", pkgConfig: "dbus-1"),
    .target(
      name: "CNoServer", path: "cshim/CNoServer",
      cSettings: staticCurl == nil ? [] : [.define("STATIC_DBUS")]),
    .target(name: "CLinux", path: "cshim/CLinux"),
    .target(name: "CSignals", path: "cshim/CSignals"),

    // The house, bottom up: a target uses only those above it in this list.
    .target(
      name: "PodIdentity",
      dependencies: [.product(name: "SystemPackage", package: "swift-system")],
      swiftSettings: settings),
    .target(
      name: "Cgroups",
      dependencies: [
        "CLinux", "PodIdentity", .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "Systemd", dependencies: ["CDBus", "CNoServer"], swiftSettings: settings),
    // libcgroup, for pod-reaper alone.
    .target(
      name: "LibcgroupTree",
      dependencies: [
        "CCgroup", "Cgroups", "PodIdentity",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(name: "HTTPClient", dependencies: ["CCurl"], swiftSettings: settings),
    .target(
      name: "DockerEngine", dependencies: ["HTTPClient"], swiftSettings: settings),
    .target(
      name: "MesosExecutor",
      dependencies: [
        "CNames", "HTTPClient", "PodIdentity", .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .target(
      name: "Compose",
      dependencies: [
        "CYaml", .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .target(
      name: "PodRuntime",
      dependencies: [
        "CLinux", "Compose", "DockerEngine", "Cgroups", "PodIdentity", "Systemd",
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .target(
      name: "Program",
      dependencies: [
        "CLinux", "Compose", "PodIdentity",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "Executor",
      dependencies: [
        "CLinux", "CSignals", "Program", "PodRuntime", "Compose", "DockerEngine", "HTTPClient",
        "MesosExecutor", "PodIdentity",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings, linkerSettings: program),
    .target(
      name: "ResourceSums",
      dependencies: [
        "Compose", .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "Resources",
      dependencies: [
        "ResourceSums", "Program", "Compose",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings, linkerSettings: program),
    // From the Mesos agent to pod-reaper.
    .target(name: "HookShim"),
    .target(name: "HookEvents", dependencies: ["HookShim"], swiftSettings: settings),
    .target(
      name: "Reaping",
      dependencies: [
        "HookEvents", "Program", "Compose", "DockerEngine", "HTTPClient", "Cgroups",
        "LibcgroupTree", "PodIdentity", "CLinux", "Systemd",
        .product(name: "SystemPackage", package: "swift-system"),
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "Reaper",
      dependencies: [
        "Reaping", "Program", "Compose", "DockerEngine", "CLinux",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings, linkerSettings: program),

    .executableTarget(
      name: "HookNotify",
      dependencies: [
        "HookShim", "Program", "Compose", "PodIdentity",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: settings, linkerSettings: program),

    .target(name: "TestSupport", path: "Tests/Support", swiftSettings: settings),
    .testTarget(
      name: "HookEventsTests", dependencies: ["HookEvents", "HookShim", "TestSupport"],
      swiftSettings: settings),
    .testTarget(name: "HookShimTests", dependencies: ["TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "HookModuleTests", dependencies: ["TestSupport"], path: "Tests/HookModule",
      exclude: ["README.md", "agent.cpp", "include"], swiftSettings: settings),
    .testTarget(
      name: "HookNotifyTests",
      dependencies: ["HookEvents", "HookNotify", "Compose", "TestSupport"],
      swiftSettings: settings),
    .target(
      name: "AgentStandIn", dependencies: ["TestSupport"], path: "Tests/AgentStandIn",
      swiftSettings: settings),
    .target(
      name: "EngineStandIn", dependencies: ["AgentStandIn"], path: "Tests/EngineStandIn",
      swiftSettings: settings),
    .testTarget(
      name: "EngineStandInTests", dependencies: ["AgentStandIn", "EngineStandIn", "TestSupport"],
      swiftSettings: settings),
    .executableTarget(
      name: "agent-stand-in",
      dependencies: [
        "AgentStandIn", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/AgentStandInTool", swiftSettings: settings),
    // Runs a program as if the kernel were Linux 3.10.
    .executableTarget(name: "old-linux", path: "Tests/OldLinux"),
    .testTarget(
      name: "AgentStandInTests", dependencies: ["AgentStandIn", "HTTPClient", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "PodIdentityTests", dependencies: ["PodIdentity", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "CgroupsTests",
      dependencies: [
        "Cgroups", "TestSupport", .product(name: "SystemPackage", package: "swift-system"),
      ],
      exclude: ["Recorded"], swiftSettings: settings),
    // Works on cgroups as pod-reaper does, for tests and benchmarks.
    .executableTarget(
      name: "cgroup-tool",
      dependencies: [
        "Cgroups", "LibcgroupTree",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      path: "Tests/CgroupTool", swiftSettings: settings),
    .testTarget(
      name: "LibcgroupTreeTests",
      dependencies: [
        "Cgroups", "LibcgroupTree", "TestSupport", "cgroup-tool",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "SystemdTests", dependencies: ["Systemd", "TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "DockerEngineTests", dependencies: ["DockerEngine", "HTTPClient", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "MesosExecutorTests",
      dependencies: [
        "MesosExecutor", "HTTPClient", "TestSupport",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ComposeTests",
      dependencies: [
        "Compose", "TestSupport",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ], exclude: ["Corpus", "Kinds", "Legacy", "Refused", "Support/compose1.py"],
      swiftSettings: settings),
    .testTarget(name: "ManualTests", dependencies: ["TestSupport"], swiftSettings: settings),
    .testTarget(
      name: "ResourcesTests",
      dependencies: [
        "ResourceSums", "Compose", "PodRuntime", "TestSupport",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "PodRuntimeTests",
      dependencies: [
        "CLinux", "PodRuntime", "Cgroups", "Compose", "DockerEngine", "PodIdentity", "Systemd",
        "TestSupport", .product(name: "Logging", package: "swift-log"),
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ExecutorTests",
      dependencies: [
        "Executor", "HTTPClient", "Program", "Compose", "MesosExecutor", "PodRuntime",
        "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "ReapingTests",
      dependencies: [
        "Reaper", "Reaping", "HookEvents", "HookShim", "Program", "PodIdentity", "Cgroups",
        "Compose",
        "DockerEngine", "TestSupport",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "DocumentsTests",
      dependencies: ["DockerEngine", "Executor", "Program", "Reaper", "Reaping", "TestSupport"],
      swiftSettings: settings),
    .testTarget(
      name: "Integration",
      dependencies: [
        "AgentStandIn", "EngineStandIn", "TestSupport", "Compose", "DockerEngine", "PodIdentity",
        "Cgroups",
        .product(name: "OrderedCollections", package: "swift-collections"),
      ],
      path: "Tests/Integration", exclude: ["Parity", "Running"], swiftSettings: settings),
  ]
)
