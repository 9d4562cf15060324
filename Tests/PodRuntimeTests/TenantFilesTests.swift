import Compose
import Foundation
import Linux
import SystemPackage
import TestSupport
import Testing

@testable import PodRuntime

/// Files of a task that the executor reads as root: whatever their type, it neither blocks nor
/// exhausts memory.
@Suite("Files that a task can have replaced by anything")
struct TenantFilesTests {
  enum Kind: String, CaseIterable, Sendable {
    case regular, linkWithin, linkOutside, missing, directory, pipe, endless, device, socket,
      tooLong

    /// Creates it at a path of the sandbox.
    func make(at path: String, text: String, outside: String) throws {
      switch self {
      case .regular: try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      case .linkWithin:
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + ".other"))
        try FileManager.default.createSymbolicLink(
          atPath: path, withDestinationPath: path + ".other")
      case .linkOutside:
        try Data(text.utf8).write(to: URL(fileURLWithPath: outside))
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: outside)
      case .missing: break
      case .directory:
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
      case .pipe: #expect(mkfifo(path, 0o600) == 0)
      case .endless:
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
      // A container has replaced a directory that the executor still expects.
      case .device: #expect(mknod(path, S_IFCHR | 0o600, 0x105) == 0)
      case .socket: #expect(mknod(path, S_IFSOCK | 0o600, 0) == 0)
      case .tooLong:
        let blanks = String(repeating: " ", count: 1 << 20)
        try Data((text + blanks).utf8).write(to: URL(fileURLWithPath: path))
      }
    }

    /// Whether it is read if files have to be in the sandbox, or anywhere.
    func isRead(confined: Bool) -> Bool {
      switch self {
      case .regular, .linkWithin: true
      case .linkOutside: !confined
      default: false
      }
    }
  }

  @Test(
    "don't delay a launch: a seccomp profile is only read if it is a regular file",
    .timeLimit(.minutes(1)), arguments: Kind.allCases, [true, false])
  func seccomp(kind: Kind, confined: Bool) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("sandbox/.keep", "")
      let path = directory.path("sandbox/profile.json")
      try kind.make(at: path, text: "{ }", outside: directory.path("outside.json"))
      let roots = confined ? [directory.path("sandbox")] : nil
      let text = try? SeccompProfiles.profile(at: path, nil, within: roots)
      #expect(text == (kind.isRead(confined: confined) ? "{}" : nil))
    }
  }

  @Test(
    "are read as docker configuration if they are regular, the task's only in the sandbox",
    .timeLimit(.minutes(1)), arguments: Kind.allCases, [true, false])
  func configuration(kind: Kind, isTasks: Bool) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("sandbox/.docker/.keep", "")
      try directory.write("home/.docker/.keep", "")
      let path = directory.path((isTasks ? "sandbox" : "home") + "/.docker/config.json")
      try kind.make(at: path, text: "{}", outside: directory.path("outside.json"))
      let configuration = DockerConfiguration(
        projectDirectory: directory.path("sandbox"), environment: ["HOME": directory.path("home")])
      var warnings: [String] = []
      let read = configuration.read { warnings.append($0) }
      let isRead = kind.isRead(confined: isTasks)
      #expect(read.map(\.text) == (isRead ? ["{}"] : []))
      #expect(read.allSatisfy { $0.isTasks == isTasks })
      // Without that restriction, opening a socket fails.
      let isSilent = isRead || kind == .missing || (kind == .socket && !isTasks)
      #expect(warnings.count == (isSilent ? 0 : 1), "\(warnings)")
    }
  }

  @Test(
    "are opened if regular", .timeLimit(.minutes(1)), arguments: Kind.allCases)
  func confined(kind: Kind) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("sandbox/.keep", "")
      let path = directory.path("sandbox/env")
      try kind.make(at: path, text: "a", outside: directory.path("outside"))
      let file = try? ConfinedFile.open(path, within: [directory.path("sandbox")])
      if let file { close(file) }
      #expect((file != nil) == (kind.isRead(confined: true) || kind == .tooLong))
    }
  }

  @Test(
    "outside the permitted directories are refused, whether or not they exist",
    arguments: ["/etc/shadow", "/etc/none", "/root/x/y"])
  func elsewhere(path: String) async throws {
    try await withTemporaryDirectory { directory in
      try directory.write("link/.keep", "")
      try FileManager.default.createSymbolicLink(
        atPath: directory.path("link/there"), withDestinationPath: path)
      for name in [path, directory.path("link/there")] {
        #expect(throws: Errno.improperLink) {
          _ = try ConfinedFile.open(name, within: [directory.path("link")])
        }
      }
    }
  }

  @Test("with a path that is too long for any file are refused at once", .timeLimit(.minutes(1)))
  func tooLongPath() {
    let path = "/" + String(repeating: "a/", count: 500_000)
    #expect(throws: Errno.fileNameTooLong) { _ = try ConfinedFile.open(path, within: ["/tmp"]) }
  }
}
