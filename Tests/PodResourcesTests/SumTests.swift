import Compose
import OrderedCollections
import PodRuntime
import PodResources
import TestSupport
import Testing
import YAML

@Suite("The sum of a pod")
struct SumTests {
  @Test("counts each service once per container, and the executor once")
  func replicas() async throws {
    let sum = try await sum(
      """
      services:
        web: {image: a, cpus: 0.5, mem_limit: 64m, scale: 2, ports: ["80", "443:443"]}
        worker: {image: a, cpus: 0.25, mem_limit: 100m, deploy: {replicas: 3}}
        both: {image: a, cpus: 1, mem_limit: 1m, scale: 2, deploy: {replicas: 2}}
        none: {image: a, deploy: {replicas: 0}}
      """
    ) { $0.executor = ResourceAmounts(cpus: CPUs(billionths: 100_000_000), memory: mebibytes(32)) }
    #expect(sum.parts.map(\.needs.replicas) == [2, 3, 2, 0])
    #expect(sum.parts.map(\.all.cpus.text) == ["1", "0.75", "2", "0"])
    #expect(sum.parts.map(\.all.memory.mebibytes) == [128, 300, 2, 0])
    #expect(sum.pod.cpus.text == "3.75")
    #expect(sum.pod.memory.mebibytes == 430)
    #expect(sum.pod.ports == 4)
    #expect(sum.total.cpus.text == "3.85")
    #expect(sum.total.memory.mebibytes == 462)
    #expect(sum.largest.cpus.text == "1")
    #expect(sum.largest.memory == mebibytes(100))
  }

  @Test("is rounded up, once, to thousandths of a processor and to MiB")
  func rounding() async throws {
    let small = try await sum(
      """
      services:
        a: {image: a, cpus: 0.0004, mem_limit: 1048577}
        b: {image: a, cpus: 0.0004, mem_limit: 1048577}
        c: {image: a, cpus: 0.0004, mem_limit: 1048577}
      """)
    #expect(small.parts.map(\.all.cpus.text) == ["0.001", "0.001", "0.001"])
    #expect(small.pod.cpus.text == "0.002")
    #expect(small.parts.map(\.all.memory.mebibytes) == [2, 2, 2])
    #expect(small.pod.memory == ByteSize(bytes: 3_145_731))
    #expect(small.pod.memory.mebibytes == 4)
    // Ten tenths make exactly one, unlike in binary fractions.
    let tenths = try await sum("services: {a: {image: a, cpus: 0.1, mem_limit: 1m, scale: 10}}")
    #expect(tenths.pod.cpus.milliCPUs == 1000)
    #expect(tenths.pod.cpus.text == "1")
  }

  @Test("uses reservations if requested, and limits where there are none")
  func reservations() async throws {
    let text = """
      services:
        a:
          image: a
          deploy:
            resources:
              limits: {cpus: '2', memory: 512M}
              reservations: {cpus: '0.5', memory: 128M}
        b: {image: a, cpus: 0.25, mem_limit: 64m, mem_reservation: 16m}
        c: {image: a, cpus: 0.25, mem_limit: 64m}
        d: {image: a, deploy: {resources: {reservations: {cpus: '0.1', memory: 8M}}}}
      """
    let reserved = try await sum(text) { $0.usesReservations = true }
    #expect(reserved.parts.map(\.all.cpus.text) == ["0.5", "0.25", "0.25", "0.1"])
    #expect(reserved.parts.map(\.all.memory.mebibytes) == [128, 16, 64, 8])
    #expect(reserved.pod.cpus.text == "1.1")
    #expect(reserved.pod.memory.mebibytes == 216)
    #expect(reserved.largest.cpus.text == "2")
    #expect(reserved.largest.memory == mebibytes(512))
    let unlimited = await #expect(throws: UnlimitedServices.self) { _ = try await sum(text) }
    #expect(unlimited?.lines.count == 1)
    #expect(unlimited?.description.contains("service 'd'") == true)
  }

  @Test("counts GPUs by their number, and each GPU with an ID once per pod")
  func gpus() async throws {
    let sum = try await sum(
      """
      x-limits: &limits {image: a, cpus: 1, mem_limit: 1m}
      services:
        a: {<<: *limits, scale: 2, gpus: [{count: 2}]}
        b:
          <<: *limits
          deploy:
            resources:
              reservations:
                devices:
                  - {capabilities: [gpu], count: 1}
                  - {capabilities: [tpu], count: 7}
        c: {<<: *limits, scale: 2, gpus: [{driver: nvidia, device_ids: ['0', '1']}]}
        d: {<<: *limits, gpus: [{driver: nvidia, device_ids: ['1', '2']}]}
      """)
    #expect(sum.parts.map(\.all.gpus) == [4, 1, 2, 2])
    #expect(sum.pod.gpus == 8)
  }

  @Test("is refused with one line if it exceeds the range of a number")
  func overflow() async throws {
    for keys in [
      "cpus: 1000000, mem_limit: 1m, scale: 9000000000000",
      "cpus: 1, mem_limit: 4000000000000000000, scale: 3",
      "cpus: 1, mem_limit: 1m, scale: 70000, ports: ['80']",
    ] {
      let error = await #expect(throws: (any Error).self) {
        _ = try await sum("services: {a: {image: a, \(keys)}}")
      }
      #expect(error is DiagnosticError)
    }
  }

  @Test("is independent of the order of services")
  func order() async throws {
    var generator = SeededGenerator(for: "sums")
    var services: [(text: String, billionths: Int64, bytes: Int64)] = []
    for number in 0..<40 {
      let milliCPUs = Int64.random(in: 1...4000, using: &generator)
      let bytes = Int64.random(in: 1...1 << 32, using: &generator)
      let replicas = Int64.random(in: 0...4, using: &generator)
      let digits = String(milliCPUs % 1000 + 1000).dropFirst()
      let text =
        "  s\(number): {image: a, cpus: \(milliCPUs / 1000).\(digits), mem_limit: \(bytes), "
        + "scale: \(replicas)}"
      services.append((text, milliCPUs * 1_000_000 * replicas, bytes * replicas))
    }
    services.shuffle(using: &generator)
    let sum = try await sum("services:\n" + services.map(\.text).joined(separator: "\n"))
    #expect(sum.pod.cpus.billionths == services.map(\.billionths).reduce(0, +))
    #expect(sum.pod.memory.bytes == services.map(\.bytes).reduce(0, +))
  }
}

@Suite("Host ports of a pod")
struct PortNeedTests {
  /// A service's ports, and the number of host ports that they need.
  static let cases: [(String, Int64)] = [
    ("[80]", 1), ("['8080:80', '8443:443']", 2), ("['8000-8004:80-84']", 5),
    ("['7000-7003']", 4), ("['9000-9010:80']", 1), ("['53:53', '53:53/udp']", 1),
    ("['53:53/udp', '54:53', '55:53']", 2), ("['127.0.0.1:80:80', '[::1]:80:80']", 2),
    ("[{target: 80, published: '8080-8090'}, {target: 5, protocol: sctp}]", 2),
    ("['${PORT0}:80', '${PORT1:-0}:81']", 2),
  ]

  @Test("are counted as an offer assigns them", arguments: cases)
  func count(_ ports: String, _ count: Int64) async throws {
    let text = "services: {a: {image: a, cpus: 1, mem_limit: 1m, ports: \(ports)}}"
    try await withProject(text) { project in
      let sum = try ResourceSum(project)
      #expect(sum.pod.ports == count)
      #expect(sum.ports.count == Int(count))
      let offer = (0..<UInt16(count)).map { 31000 + $0 }
      let assigned = try PortAssignment(project: project, offered: offer)
      #expect(assigned.count == Int(count))
      #expect(throws: DiagnosticError.self) {
        _ = try PortAssignment(project: project, offered: Array(offer.dropLast()))
      }
    }
  }
}
