import Foundation
import Glibc
import PodIdentity
import TestSupport
import Testing

@testable import Reaping

@Suite("The sandbox of a crashed executor", .enabled(if: geteuid() == 0))
struct CrashedSandboxTests {
  private func identity(_ run: String = "r", agent: String = "a") -> PodIdentity {
    PodIdentity(
      frameworkID: "f", executorID: "e", taskID: "t", run: run, agentID: agent,
      incarnation: Incarnation(bootID: nil, pid: nil, startTime: nil),
      host: HostIdentity(machineID: nil), cgroupParent: "")
  }

  private let suffix = "slaves/a/frameworks/f/executors/e/runs/r"

  private func opens(_ sandbox: CrashedSandbox?) -> Bool {
    guard let descriptor = sandbox?.open() else { return false }
    close(descriptor)
    return true
  }

  private func make(_ path: String) throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  @Test("is opened at the hook's path, or below the agent's work directory")
  func found() async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path(suffix)
      try make(path)
      // The task's user owns it.
      #expect(chown(path, 65534, 65534) == 0)
      #expect(opens(CrashedSandbox(path, workDirectory: nil, of: identity())))
      #expect(opens(CrashedSandbox(nil, workDirectory: directory.path, of: identity())))
    }
  }

  @Test("is only that of its own run, and no path leads out")
  func others() {
    let path = "/work/" + suffix
    #expect(CrashedSandbox(path, workDirectory: nil, of: identity("other")) == nil)
    #expect(CrashedSandbox(nil, workDirectory: nil, of: identity()) == nil)
    for run in ["..", "", ".", "a/b"] {
      #expect(CrashedSandbox(path, workDirectory: "/work", of: identity(run)) == nil)
    }
    #expect(CrashedSandbox(path, workDirectory: "/work", of: identity(agent: "")) == nil)
  }

  @Test(
    "isn't opened through a link, nor below a directory that another user can write to",
    arguments: ["link", "sandbox link", "owner", "mode"])
  func untrusted(kind: String) async throws {
    try await withTemporaryDirectory { directory in
      let path = directory.path(suffix)
      let runs = directory.path("slaves/a/frameworks/f/executors/e/runs")
      try make(path)
      switch kind {
      case "link":
        try FileManager.default.moveItem(atPath: runs, toPath: directory.path("elsewhere"))
        #expect(symlink(directory.path("elsewhere"), runs) == 0)
      case "sandbox link":
        try FileManager.default.moveItem(atPath: path, toPath: directory.path("elsewhere"))
        #expect(symlink(directory.path("elsewhere"), path) == 0)
      case "owner": #expect(chown(runs, 65534, 65534) == 0)
      default: #expect(chmod(runs, 0o777) == 0)
      }
      #expect(!opens(CrashedSandbox(path, workDirectory: nil, of: identity())))
    }
  }
}
