import Foundation
import PodIdentity
import SystemPackage
import TestSupport
import Testing

@testable import PodObjects

@Suite("Image records for pod-reaper", .enabled(if: geteuid() == 0, "root alone can"))
struct ImageStateTests {
  private static let id = "sha256:" + String(repeating: "ab", count: 32)

  private func withState(_ body: (ImageState, TemporaryDirectory) async throws -> Void) async throws
  {
    try await withTemporaryDirectory { (directory) async throws -> Void in
      let state = ImageState(path: directory.path)
      for path in [state.recordsDirectory, state.promisesDirectory] {
        try FileManager.default.createDirectory(
          atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      }
      try await body(state, directory)
    }
  }

  @Test("all notations of a name are equal")
  func canonical() {
    let rows = [
      ("nginx", "nginx:latest"), ("docker.io/library/nginx", "nginx:latest"),
      ("library/nginx:1", "nginx:1"), ("index.docker.io/a/b", "a/b:latest"),
      ("localhost:5000/a", "localhost:5000/a:latest"), ("localhost:5000/a:2", "localhost:5000/a:2"),
      ("a:1@sha256:00", "a@sha256:00"),
      ("localhost:5000/a@sha256:00", "localhost:5000/a@sha256:00"),
      (Self.id, Self.id),
    ]
    for (name, expected) in rows { #expect(ImageKey.canonical(name) == expected) }
    #expect(ImageKey.repository("localhost:5000/a@sha256:00") == "localhost:5000/a")
    #expect(ImageKey.repository("docker.io/library/a:1") == "a")
  }

  @Test("a file's name has no slash, begins with no dot, and is different for each text")
  func fileNames() {
    let texts = [
      "a/b:1", "a%2fb:1", "..", ".", "ä", String(repeating: "x/", count: 200),
      String(repeating: "x/", count: 201),
    ]
    let names = texts.map(ImageKey.fileName)
    #expect(Set(names).count == texts.count)
    for name in names {
      #expect(!name.contains("/") && !name.hasPrefix(".") && name.utf8.count <= 180)
    }
  }

  @Test("a pattern matches a name, its canonical notation, or all of its tags")
  func patterns() {
    let rows = [
      ("nginx", "nginx:1", true), ("nginx:1", "docker.io/library/nginx:1", true),
      ("nginx:2", "nginx:1", false), ("*:stable", "a/b:stable", true), ("a/*", "a/b/c:1", true),
      ("*", "x", true), ("a*c*e", "abcde:1", true), ("a*c*f", "abcde:1", false), ("", "x", false),
      ("*aab", "aaab:1", true),
    ]
    for (pattern, name, fits) in rows {
      #expect(ImageKey.fits(pattern, name) == fits, "\(pattern) \(name)")
    }
  }

  @Test("records are kept only by root, and if a pod-reaper has created their directory")
  func records() async throws {
    try await withState { state, directory in
      let records = try #require(ImageRecords(state, engine: "AB:CD"))
      try records.add(name: "a/b:1", id: Self.id, digest: "a/b@sha256:00")
      let found = records.list()
      #expect(found.unreadable.isEmpty)
      let record = try #require(found.records.first)
      #expect(record.name == "a/b:1" && record.id == Self.id && record.digest == "a/b@sha256:00")
      #expect(abs(record.used - Date().timeIntervalSince1970) < 300)
      ImageRecords.touch(record.path, at: 1000)
      #expect(records.read(record.path)?.used == 1000)
      records.touch([Self.id])
      #expect(try #require(records.read(record.path)).used > 1000)
      // Records of another engine are separate.
      #expect(ImageRecords(state, engine: "EF")?.list().records.isEmpty == true)
      #expect(ImageRecords(state, engine: "") == nil)
      records.remove(record)
      #expect(records.list().records.isEmpty)
      // No directory was created for them.
      let none = try #require(
        ImageRecords(ImageState(path: directory.path("none")), engine: "AB:CD"))
      try none.add(name: "a/b:1", id: Self.id, digest: "")
      #expect(!FileManager.default.fileExists(atPath: directory.path("none")))
    }
  }

  @Test(
    "a record that root didn't write, or that can't be decoded, is ignored",
    arguments: ["empty", "cut", "other", "owner", "mode", "link", "hard", "pipe", "id", "moved"])
  func forged(how: String) async throws {
    try await withState { state, directory in
      let records = try #require(ImageRecords(state, engine: "E"))
      try records.add(name: "a:1", id: Self.id, digest: "")
      let path = try #require(records.list().records.first?.path)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      switch how {
      case "empty": try Data().write(to: URL(fileURLWithPath: path))
      case "cut": truncate(path, off_t(text.utf8.count - 5))
      case "other":
        try text.replacing("a:1", with: "b:1").write(
          toFile: path, atomically: false, encoding: .utf8)
      case "owner": chown(path, 65534, 0)
      case "mode": chmod(path, 0o666)
      case "link":
        let copy = try directory.write("copy", text)
        unlink(path)
        symlink(copy, path)
      case "hard": link(path, directory.path("hard"))
      case "pipe":
        unlink(path)
        mkfifo(path, 0o600)
      case "id":
        try text.replacing("sha256:", with: "sha257:").write(
          toFile: path, atomically: false, encoding: .utf8)
      default: rename(path, path + "0")
      }
      let found = records.list()
      #expect(found.records.isEmpty && found.unreadable.count == 1, "\(found)")
      // A directory that others can write to has no valid records.
      chmod(state.recordsDirectory, 0o777)
      #expect(records.list().unreadable.isEmpty && !records.areKept)
    }
  }

  @Test("promises are found again, and foreign files are ignored")
  func promises() async throws {
    try await withState { state, _ in
      let promises = ImagePromises(state)
      let identity = PodIdentity(
        frameworkID: "f", executorID: "e", taskID: "task.1", run: "run-1", agentID: "a",
        incarnation: Incarnation(bootID: "boot", pid: 12, startTime: 34),
        host: HostIdentity(machineID: nil), cgroupParent: "")
      var promise = ImagePromise(identity, engine: "E", images: ["a:1"])
      try promises.make(promise)
      promise.images.append("-b")
      try promises.make(promise)
      #expect(promises.list() == [promise])
      try Data("x\n".utf8).write(to: URL(fileURLWithPath: state.promisesDirectory + "/x"))
      #expect(promises.list() == [promise])
      promises.remove(promise)
      #expect(promises.list().isEmpty)
      // A name that would break its line is refused.
      promise.images = ["a\nimage b"]
      #expect(throws: Errno.invalidArgument) { try promises.make(promise) }
    }
  }

  @Test("unfinished files of killed processes are removed once they are old, and nothing else is")
  func unfinished() async throws {
    try await withState { state, directory in
      let records = try #require(ImageRecords(state, engine: "E"))
      try records.add(name: "a:1", id: Self.id, digest: "")
      let record = try #require(records.list().records.first?.path)
      let engine = URL(fileURLWithPath: record).deletingLastPathComponent().path
      let target = try directory.write("target", "x")
      var left: Set<String> = [record, target]
      for parent in [state.promisesDirectory, engine] {
        for (name, age) in [(".new.1.2", 601), (".new.3.4", 0), (".other", 601), ("plain", 601)] {
          let path = "\(parent)/\(name)"
          try Data("x\n".utf8).write(to: URL(fileURLWithPath: path))
          ImageRecords.touch(path, at: Date().timeIntervalSince1970 - Double(age))
          if name != ".new.1.2" { left.insert(path) }
        }
        // A link is not followed, and stays like everything that isn't a regular file.
        let link = "\(parent)/.new.5.6"
        symlink(target, link)
        ImageRecords.touch(link, at: 1000)
        mkdir("\(parent)/.new.7.8", 0o700)
        ImageRecords.touch("\(parent)/.new.7.8", at: 1000)
        left.formUnion([link, "\(parent)/.new.7.8"])
      }
      state.removeUnfinished()
      for path in left {
        var status = stat()
        #expect(lstat(path, &status) == 0, "\(path)")
      }
      for parent in [state.promisesDirectory, engine] {
        #expect(!FileManager.default.fileExists(atPath: "\(parent)/.new.1.2"))
      }
      // A directory that others can write to isn't the reaper's.
      chmod(engine, 0o777)
      ImageRecords.touch("\(engine)/.new.3.4", at: 1000)
      state.removeUnfinished()
      #expect(FileManager.default.fileExists(atPath: "\(engine)/.new.3.4"))
    }
  }

  @Test("a lease excludes the removal of an image, which waits for its release")
  func leases() async throws {
    try await withTemporaryDirectory { (directory) async throws -> Void in
      let leases = directory.path("x/leases")
      let (one, two) = (ImageLeases(directory: leases), ImageLeases(directory: leases))
      #expect(try await one.hold("nginx", within: .seconds(180)))
      #expect(try await two.hold("docker.io/library/nginx:latest", within: .seconds(180)))
      let remover = ImageLeases(directory: leases)
      func isFree() async throws -> Bool {
        try await remover.exclusively(["nginx:latest", Self.id]) { true } ?? false
      }
      #expect(try await !isFree())
      one.release()
      #expect(try await !isFree())
      two.release(["nginx"])
      #expect(try await isFree())
      // A lease requested during a removal is granted after it.
      let (began, signal) = AsyncStream.makeStream(of: Void.self)
      let (waits, isWaiting) = AsyncStream.makeStream(of: Void.self)
      async let removal: Bool? = remover.exclusively([Self.id]) {
        signal.finish()
        for await _ in waits {}
        return true
      }
      for await _ in began {}
      #expect(try await !one.hold(Self.id, within: .zero))
      #expect(try await one.hold(Self.id, within: .seconds(180)) { isWaiting.finish() })
      #expect(try await removal == true)
      #expect(try await !isFree())
      // No files of exited processes are left.
      close(open(leases + "/left", O_CREAT | O_RDONLY, 0o600))
      ImageLeases.removeAbandoned(in: leases)
      #expect(try FileManager.default.contentsOfDirectory(atPath: leases) == [Self.id])
      one.release()
      #expect(try FileManager.default.contentsOfDirectory(atPath: leases).isEmpty)
    }
  }

  @Test("a directory of leases that others can write to is not used")
  func untrusted() async throws {
    try await withTemporaryDirectory { (directory) async throws -> Void in
      let leases = directory.path("leases")
      mkdir(leases, 0o700)
      chmod(leases, 0o777)
      #expect(try await !ImageLeases(directory: leases).hold("a", within: .seconds(180)))
      #expect(try FileManager.default.contentsOfDirectory(atPath: leases).isEmpty)
    }
  }
}
