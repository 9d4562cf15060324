import Compose
import Testing
import YAML

@testable import PodRuntime

@Suite("A task's limits")
struct TaskLimitsTests {
  private func check(_ change: (inout Service) -> Void) throws {
    try TaskLimits(cpus: 0.5, memory: 128 << 20).check(project([service("web", change)]))
  }

  @Test("refuse a service that requests more, with line and both figures")
  func exceeded() {
    let memory = #expect(throws: DiagnosticError.self) {
      try check { $0.memoryLimit = Limit(ByteSize(bytes: 256 << 20), key: "mem_limit", at: at(4)) }
    }
    #expect(memory?.position == at(4))
    #expect(memory?.message.contains("268435456") == true)
    #expect(memory?.message.contains("134217728") == true)
    #expect(throws: DiagnosticError.self) {
      try check { $0.cpus = Limit(0.6, key: "cpus", at: at(4)) }
    }
    #expect(throws: DiagnosticError.self) {
      try check {
        $0.cpuQuota = Located(30_000, at: at(4))
        $0.cpuPeriod = Located(50_000, at: here)
      }
    }
  }

  @Test("permit a service to use all of them")
  func kept() throws {
    try check {
      $0.memoryLimit = Limit(ByteSize(bytes: 128 << 20), key: "mem_limit", at: here)
      $0.cpus = Limit(0.5, key: "cpus", at: here)
      $0.cpuQuota = Located(50_000, at: here)
    }
  }
}
