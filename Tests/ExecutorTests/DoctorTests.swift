import Program
import Testing

@testable import Executor

@Suite("Checks of doctor")
struct DoctorCheckTests {
  @Test(
    "follows from the results of the probes",
    arguments: DoctorCase.host + DoctorCase.engine + DoctorCase.mesos)
  func check(_ item: DoctorCase) {
    #expect(item.check.result == item.result)
    #expect(item.check.finding.contains(item.finding), "\(item.check.finding)")
    #expect((item.check.fix == nil) == (item.result == .ok))
    #expect(item.fix.isEmpty || item.check.fix?.contains(item.fix) == true, "\(item.check)")
  }

  @Test("has every check, and each has a case that is ok and one that isn't")
  func names() {
    let cases = DoctorCase.host + DoctorCase.engine + DoctorCase.mesos
    for name in Set(cases.map(\.check.name)) where name != "clock" {
      let results = Set(cases.filter { $0.check.name == name }.map(\.result))
      #expect(results.contains(.ok) && results.count > 1, "\(name): \(results)")
    }
  }

  @Test("treats a file system with more free blocks than blocks as empty")
  func endlessDisk() {
    let disk = HostChecks.Disk(
      blockSize: .max, blocks: 1, freeBlocks: .max, inodes: 1, freeInodes: .max)
    let check = HostChecks.disk("disk", "/", disk, fix: "none")
    #expect(check.result == .ok && check.finding.contains("inodes 100 % free"))
  }

  @Test("counts each subnet once that networks and routes overlap")
  func pools() {
    func left(_ used: [String]) -> UInt64 { AddressPools.standard.left(used: used).left }
    #expect(AddressPools.standard.left(used: []) == (31, 31))
    #expect(left(["172.17.0.0/16", "172.17.0.0/16", "172.17.3.0/24"]) == 30)
    #expect(left(["172.16.0.0/12"]) == 16)
    #expect(left(["192.168.0.0/24", "192.168.15.0/24", "192.168.16.0/24"]) == 29)
    #expect(left(["172.20.0.0/15", "172.21.0.0/16", "172.22.0.0/15"]) == 27)
    #expect(left(["0.0.0.0/0"]) == 0)
    #expect(left(["fd00::/8", "", "x/y", "1.2.3.4", "1.2.3.400/8", "1.2.3.4/33", "/"]) == 31)
    for bad in [("10.0.0.0/16", 8), ("10.0.0.0/16", 33), ("10.0.0.0/16", 0), ("x", 16)] {
      #expect(AddressPools.Pool(bad.0, size: bad.1) == nil)
    }
    #expect(AddressPools.Pool("0.0.0.0/0", size: 32)?.count == 1 << 32)
  }
}

@Suite("Report of doctor")
struct DoctorReportTests {
  private let report = HostReport(checks: [
    .ok("user", "root"), .warn("live-restore", "off", fix: "switch it on"),
    .fail("engine", "x\u{1b}[2J\ny", fix: "restart it"),
  ])

  @Test("has a line for each check, with its fix")
  func text() {
    #expect(
      report.text(for: nil) == """
        ok    user:          root
        warn  live-restore:  off; switch it on
        fail  engine:        x\u{fffd}[2J y; restart it

        """)
    #expect(report.result == .fail)
    #expect(HostReport(checks: [.ok("a", "")]).result == .ok)
    #expect(HostReport(checks: [.ok("a", ""), .warn("b", "", fix: "c")]).result == .warn)
  }

  @Test("has no passwords of addresses")
  func passwords() {
    let check = HostCheck.fail(
      "agent", "http://u:pw1@host:5051: can't connect to http://[u:pw2@::1]:1", fix: "x://:pw3@y")
    #expect(check.finding == "http://…@host:5051: can't connect to http://[…@::1]:1")
    #expect(check.fix == "x://…@y")
    #expect(HostCheck.ok("agent", "https://[::1]:5051").finding == "https://[::1]:5051")
  }

  @Test("is wrapped at a terminal's width, and colored", arguments: [40, 80, 200])
  func terminal(_ columns: Int) {
    let long = HostReport(checks: DoctorCase.host.map(\.check))
    let plain = Terminal(descriptor: -1, mode: .never, environment: ["COLUMNS": "\(columns)"])
    let lines = long.text(for: plain).split(separator: "\n")
    #expect(lines.allSatisfy { $0.unicodeScalars.count <= columns })
    #expect(lines.count { $0.first != " " } == long.checks.count)
    let colored = Terminal(descriptor: -1, mode: .always, environment: [:])
    #expect(report.text(for: colored).contains("\u{1b}[31mfail\u{1b}[0m"))
  }

  @Test("is one documented JSON object")
  func json() throws {
    #expect(
      report.json == """
        {"version":1,"result":"fail","checks":[{"check":"user","result":"ok","finding":"root","fix":null},\
        {"check":"live-restore","result":"warn","finding":"off","fix":"switch it on"},\
        {"check":"engine","result":"fail","finding":"x\u{fffd}[2J y","fix":"restart it"}]}
        """)
  }
}
