import Compose
import Foundation
import MesosExecutor
import PodRuntime
import Program
import Testing
import Settings

@testable import Executor

@Suite("A task's bounds")
struct TaskBoundsTests {
  private func limits(_ json: String) throws -> TaskLimits {
    try TaskBounds(task: task(json)).limits(environment: [:])
  }

  private func scalars(_ amounts: (String, String)...) -> String {
    let list = amounts.map {
      #"{"name": "\#($0.0)", "type": "SCALAR", "scalar": {"value": \#($0.1)}}"#
    }
    return "\"resources\": [\(list.joined(separator: ","))]"
  }

  @Test("are its resources")
  func resources() throws {
    let limits = try limits(scalars(("cpus", "0.5"), ("mem", "128"), ("gpus", "0")))
    #expect(limits.cpus == 0.5)
    #expect(limits.memory == 128 << 20)
    #expect(limits.gpus?.count == 0)
  }

  @Test("are those of all roles, without persistent volumes")
  func volumes() throws {
    let disk = #"{"name": "disk", "type": "SCALAR", "scalar": {"value": 100}"#
    let limits = try limits(
      """
      "resources": [\(disk), "role": "a"}, \(disk), "role": "*"}, \(disk), "disk": {"persistence": {"id": "p"},
      "volume": {"container_path": "data", "mode": "RW"}}}, \(disk), "disk": {"persistence": {"id": "s"}},
      "shared": {}}, \(disk), "disk": {"source": {"type": "PATH"}}}]
      """)
    #expect(limits.disk == 300 << 20)
  }

  @Test("are its limits if it has any, so that a service may burst")
  func limits() throws {
    let both = try limits(
      scalars(("cpus", "0.5"), ("mem", "128"))
        + #", "limits": {"cpus": {"value": 2}, "mem": {"value": 512}}"#)
    #expect(both.cpus == 2)
    #expect(both.memory == 512 << 20)
    let one = try limits(
      scalars(("cpus", "0.5"), ("mem", "128")) + #", "limits": {"mem": {"value": 512}}"#)
    #expect(one.cpus == 0.5)
    #expect(one.memory == 512 << 20)
  }

  @Test("don't exist if its limit is infinite")
  func infinite() throws {
    // A bare `Infinity` in a message reaches the decoder as a string.
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    let text =
      #"{"name": "t", "task_id": {"value": "t"}, "agent_id": {"value": "a"}, "#
      + scalars(("cpus", "0.5"), ("mem", "128"))
      + #", "limits": {"cpus": {"value": "Infinity"}, "mem": {"value": "Infinity"}}}"#
    let info = try decoder.decode(TaskInfo.self, from: Data(text.utf8))
    let limits = try TaskBounds(task: info).limits(environment: [:])
    #expect(limits.cpus == nil)
    #expect(limits.memory == nil)
  }

  @Test("beyond every host's capacity are no bound and no trap", arguments: ["1e13", "1e300"])
  func huge(amount: String) throws {
    #expect(try limits(scalars(("mem", amount))).memory == .max)
  }

  @Test("that aren't amounts are refused by name")
  func odd() throws {
    for (json, name) in [
      (scalars(("mem", "-1")), "resource mem"), (scalars(("gpus", "0.5")), "resource gpus"),
      (scalars(("gpus", "1e300")), "resource gpus"),
      (scalars(("cpus", "1")) + #", "limits": {"cpus": {"value": -3}}"#, "limit of cpus"),
    ] {
      let error = #expect(throws: ConfigurationError.self) { try limits(json) }
      #expect(error?.description.contains(name) == true, "\(name)")
    }
    let odd = TaskInfo(
      name: "t", taskID: TaskID("t"), agentID: AgentID("a"),
      resources: [Resource(name: "mem", type: .scalar, scalar: .nan)])
    #expect(throws: ConfigurationError.self) { try TaskBounds(task: odd).limits(environment: [:]) }
  }
}
