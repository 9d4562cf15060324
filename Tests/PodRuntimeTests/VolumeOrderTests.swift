import Compose
import DockerEngine
import OrderedCollections
import Testing
import YAML

@testable import PodRuntime

@Suite("Containers that share a volume")
struct VolumeOrderTests {
  /// Mounts the volume of a key.
  private func mount(
    _ key: String, at target: String = "/data", _ change: (inout ServiceMount) -> Void = { _ in }
  ) -> ServiceMount {
    var mount = ServiceMount(source: .volume(key: key), target: target, position: here)
    change(&mount)
    return mount
  }

  /// A service with its own image.
  private func user(
    _ name: String, of mounts: [ServiceMount], after others: String...,
    change: (inout Service) -> Void = { _ in }
  ) -> Service {
    service(name) {
      $0.image = Located("image-\(name)", at: here)
      $0.mounts = mounts
      for other in others { $0.dependencies[other] = Dependency(position: here) }
      change(&$0)
    }
  }

  /// The containers that each container waits for: before its creation and before its start.
  private func waits(
    _ services: Service..., volumes: [Volume] = [Volume(key: "a"), Volume(key: "b")]
  ) throws -> (created: [String: [String]], starts: [String: [String]]) {
    let plan = try plan(project(services, volumes: volumes))
    func pairs(_ path: KeyPath<ContainerPlan, [String]>) -> [String: [String]] {
      Dictionary(uniqueKeysWithValues: plan.containers.map { ($0.key, $0[keyPath: path]) })
        .filter { !$0.value.isEmpty }
    }
    return (pairs(\.createdAfter), pairs(\.startsAfter))
  }

  @Test("wait for nothing if no image can fill the shared volume")
  func free() throws {
    let anonymous = ServiceMount(source: .anonymous, target: "/data", position: here)
    let bind = ServiceMount(source: .bind(path: "/d"), target: "/data", position: here)
    for mounts in [[anonymous, bind], [mount("a") { $0.noCopy = true }]] {
      let result = try waits(user("x", of: mounts), user("y", of: mounts))
      #expect(result.created.isEmpty && result.starts.isEmpty)
    }
    let apart = try waits(user("x", of: [mount("a")]), user("y", of: [mount("b")], after: "x"))
    #expect(apart.created.isEmpty && apart.starts.isEmpty)
  }

  @Test("are created one after the other, by their dependencies and then in file order")
  func chain() throws {
    let result = try waits(
      user("last", of: [mount("a")], after: "middle"), user("first", of: [mount("a")]),
      user("middle", of: []), user("second", of: [mount("a")], after: "first"))
    #expect(result.created == ["last": ["first"], "second": ["last"]])
  }

  @Test("with the same image are created in parallel after the first of them")
  func sameImage() throws {
    let result = try waits(
      user("other", of: [mount("a")]),
      user("x", of: [mount("a")]) { $0.scale = Located(3, at: here) },
      user("late", of: [mount("a")]))
    #expect(
      result.created == [
        "x/1": ["other"], "x/2": ["x/1"], "x/3": ["x/1"], "late": ["x/1"],
      ])
    #expect(result.starts["x/3"] == ["other", "x/1", "late"])
    let targets = try waits(
      user("x", of: [mount("a")]) { $0.image = Located("same", at: here) },
      user("y", of: [mount("a", at: "/data/")]) { $0.image = Located("same", at: here) },
      user("z", of: [mount("a", at: "/else")]) { $0.image = Located("same", at: here) })
    #expect(targets.created == ["y": ["x"], "z": ["x"]])
    #expect(targets.starts == ["x": ["z"], "y": ["x", "z"], "z": ["x"]])
  }

  @Test("start once the images have filled it, including those that only mount it or don't copy")
  func starts() throws {
    let result = try waits(
      user("copies", of: [mount("a") { $0.subpath = "sub" }]),
      user("plain", of: [mount("a") { $0.noCopy = true }]),
      user("takes", of: []) {
        $0.volumesFrom = [
          Located(VolumesFrom(source: .service("plain"), readOnly: false), at: here)
        ]
      },
      user("prepares", of: []) {
        var hook = service("prepares")
        hook.mounts = [mount("a") { $0.noCopy = true }]
        $0.preStart = [hook]
      },
      user("free", of: []))
    #expect(result.created.isEmpty)
    #expect(
      result.starts == ["plain": ["copies"], "takes": ["copies"], "prepares": ["copies"]])
  }

  @Test("are ordered alike if two keys name it, and the settings of both keys must be equal")
  func keys() throws {
    func volume(_ key: String, _ change: (inout Volume) -> Void = { _ in }) -> Volume {
      var volume = Volume(key: key)
      volume.name = Located("same", at: at(7))
      change(&volume)
      return volume
    }
    let services = [user("x", of: [mount("a")]), user("y", of: [mount("b")])]
    let plain = try plan(project(services, volumes: [volume("a"), volume("b")]))
    #expect(plain.volumes.count == 1)
    #expect(plain.containers[1].createdAfter == ["x"])
    #expect {
      try plan(
        project(
          services, volumes: [volume("a") { $0.driver = "local" }, volume("b") { $0.driver = "x" }])
      )
    } throws: { ($0 as? DiagnosticError)?.position == at(7) }
  }
}
