import DockerEngine
import Foundation
import Testing

@testable import PodRuntime

@Suite("The disk use of a task")
struct DiskUseTests {
  private func containers(_ sizes: [(String, String)]) throws -> [ContainerSummary] {
    let text = sizes.map { service, size in
      #"{"Id":"\#(service)","Labels":{"com.docker.compose.service":"\#(service)"},"SizeRw":\#(size)}"#
    }.joined(separator: ",")
    return try JSONDecoder().decode([ContainerSummary].self, from: Data("[\(text)]".utf8))
  }

  @Test("is the sum of the containers' sizes, whatever the engine reports")
  func sums() throws {
    let rows: [(sizes: [(String, String)], total: Int64)] = [
      ([], 0), ([("a", "1"), ("b", "2"), ("a", "3")], 6), ([("a", "null")], 0),
      ([("a", "-5"), ("b", "7")], 7),
      ([("a", "9223372036854775807"), ("a", "9223372036854775807"), ("b", "1")], .max),
    ]
    for row in rows { #expect(DiskUse(try containers(row.sizes)).total == row.total) }
  }

  @Test("is reported with task, use, limit, and the containers that wrote most")
  func line() throws {
    let use = DiskUse(
      try containers([("a", "1048576"), ("b", "10485760"), ("c", "10"), ("d", "2048"), ("e", "0")]))
    #expect(
      use.excess(of: "web.1", over: 5 << 20)
        == "task web.1 uses 11.0 MB of disk in its containers' writable layers, and its limit is 5.0 MB: "
        + "b 10.0 MB, a 1.0 MB, d 2.0 kB, and 1 more")
  }

  @Test("is limited by a project quota of the mount that contains the path")
  func quota() {
    let mounts = """
      1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
      2 1 8:2 / /var rw - xfs /dev/sdb rw,attr2,prjquota
      3 2 8:3 / /var/lib/docker rw master:1 - xfs /dev/sdc rw,attr2,noquota
      4 2 8:4 / /srv rw - xfs /dev/sdd rw,pquota
      5 4 8:5 / /srv rw - xfs /dev/sde rw,noquota
      broken
      """
    let rows = [
      ("/", false), ("/var", true), ("/var/lib", true), ("/var/lib/docker", false),
      ("/var/lib/docker2", true), ("/variable", false), ("/srv/docker", false),
    ]
    for (path, has) in rows {
      #expect(DiskQuota.hasProjectQuota(path, mountinfo: mounts) == has, "\(path)")
    }
  }
}
