import Compose
import PodResources
import Testing
import YAML

@Suite("The limits of a service")
struct LimitTests {
  /// The keys of a service, billionths of a processor, bytes, and the two keys in effect.
  static let cases: [(String, Int64, Int64, String, String)] = [
    ("cpus: 0.5, mem_limit: 64m", 500_000_000, 67_108_864, "cpus", "mem_limit"),
    ("cpus: '0.1', mem_limit: 1gb", 100_000_000, 1_073_741_824, "cpus", "mem_limit"),
    (
      "deploy: {resources: {limits: {cpus: '1.25', memory: 1.5G}}}", 1_250_000_000, 1_610_612_736,
      "deploy.resources.limits.cpus", "deploy.resources.limits.memory"
    ),
    (
      "cpus: 2, mem_limit: 32m, deploy: {resources: {limits: {cpus: '2', memory: 32M}}}",
      2_000_000_000, 33_554_432, "cpus", "mem_limit"
    ),
    ("cpu_quota: 50000, mem_limit: 6m", 500_000_000, 6_291_456, "cpu_quota", "mem_limit"),
    (
      "cpu_quota: 50000, cpu_period: 20000, mem_limit: 6m", 2_500_000_000, 6_291_456,
      "cpu_quota/cpu_period", "mem_limit"
    ),
    // A third, rounded up to a billionth.
    (
      "cpu_quota: 1000, cpu_period: 3000, mem_limit: 8388609", 333_333_334, 8_388_609,
      "cpu_quota/cpu_period", "mem_limit"
    ),
  ]

  @Test("come from each of the keys", arguments: cases)
  func keys(
    _ keys: String, cpus: Int64, bytes: Int64, cpusFrom: String, memoryFrom: String
  ) async throws {
    let sum = try await sum("services: {a: {image: a, \(keys)}}")
    #expect(sum.pod.cpus == CPUs(billionths: cpus))
    #expect(sum.pod.memory == ByteSize(bytes: bytes))
    #expect(sum.parts.map(\.cpusFrom) == [cpusFrom])
    #expect(sum.parts.map(\.memoryFrom) == [memoryFrom])
  }

  @Test("include cpu_shares in the first format, as 1024ths of a processor, unless a quota is set")
  func legacy() async throws {
    let sum = try await sum(
      """
      web: {image: a, cpu_shares: 512, mem_limit: 64m}
      odd: {image: a, cpu_shares: 341, mem_limit: 64m}
      own: {image: a, cpu_shares: 512, cpu_quota: 20000, mem_limit: 64m}
      """)
    // 341/1024 is 0.3330078125.
    #expect(
      sum.parts.map(\.each.cpus.billionths) == [500_000_000, 333_007_813, 200_000_000])
    #expect(
      sum.parts.map(\.cpusFrom) == ["cpu_shares/1024", "cpu_shares/1024", "cpu_quota"])
    #expect(sum.pod.cpus.text == "1.034")
  }

  @Test("don't include cpu_shares in the current format")
  func shares() async throws {
    let unlimited = await #expect(throws: UnlimitedServices.self) {
      _ = try await sum("services:\n  web: {image: a, cpu_shares: 512, mem_limit: 64m}")
    }
    #expect(unlimited?.lines.count == 1)
    #expect(
      unlimited?.lines.first?.hasSuffix(
        "compose.yaml:2:3: service 'web' sets no limit of cpus: set cpus, or give --default-cpus")
        == true)
  }

  @Test("are reported for each service, with its location, if they are missing, 0 or -1")
  func unlimited() async throws {
    let unlimited = await #expect(throws: UnlimitedServices.self) {
      _ = try await sum(
        """
        services:
          a: {image: a}
          b: {image: a, cpus: 1, mem_limit: 8m}
          c: {image: a, cpu_quota: -1, mem_limit: 0, gpus: all}
          d: {image: a, scale: 0}
        """)
    }
    let lines = (unlimited?.lines ?? []).map { $0.drop { $0 != ":" } }
    #expect(
      lines == [
        ":2:3: service 'a' sets no limit of cpus and memory: set cpus and mem_limit, "
          + "or give --default-cpus and --default-mem",
        ":4:3: service 'c' sets no limit of cpus and memory and GPUs: set cpus and mem_limit and "
          + "their count, or give --default-cpus and --default-mem and --default-gpus",
      ])
  }

  @Test("are replaced by defaults only if they are missing")
  func defaults() async throws {
    let sum = try await sum(
      """
      services:
        a: {image: a, scale: 3}
        b: {image: a, mem_limit: 10m}
        c: {image: a, cpus: 0.2, gpus: all}
      """
    ) {
      $0.defaultCPUs = CPUs("0.25")
      $0.defaultMemory = mebibytes(32)
      $0.defaultGPUs = 2
    }
    #expect(sum.parts.map(\.all.cpus.text) == ["0.75", "0.25", "0.2"])
    #expect(sum.parts.map(\.all.memory.mebibytes) == [96, 10, 32])
    #expect(sum.parts.map(\.memoryFrom) == ["default", "mem_limit", "default"])
    #expect(
      sum.pod
        == ResourceAmounts(cpus: CPUs(billionths: 1_200_000_000), memory: mebibytes(138), gpus: 2))
  }

  @Test(
    "are refused with their location if no engine accepts them",
    arguments: [
      (
        "cpus: 1, cpu_quota: 5000, mem_limit: 8m",
        "2:26: `cpu_quota` and `cpus` are mutually exclusive"
      ),
      (
        "cpu_quota: 5000, cpu_period: 10, mem_limit: 8m",
        "2:46: `cpu_period` must be 1000 to 1000000 microseconds, not 10"
      ),
      ("cpus: 2000000, mem_limit: 8m", "2:23: `cpus` can't be 2e+06"),
      ("cpus: -1, mem_limit: 8m", "2:23: `cpus` can't be -1"),
    ])
  func refused(_ keys: String, _ expected: String) async throws {
    let error = await #expect(throws: DiagnosticError.self) {
      _ = try await sum("services:\n  a: {image: a, \(keys)}")
    }
    #expect(error?.description.hasSuffix("compose.yaml:" + expected) == true, "\(error as Any)")
  }
}
