import Glibc
import PodIdentity
import SystemPackage
import Linux

/// The agent's checkpoint of a run (Mesos, src/slave/paths.cpp): the forked process, and whether
/// the run is over.
struct Checkpoint: Sendable {
  /// The agent's `--work_dir`.
  let agentWorkDirectory: String

  /// Inspects the checkpoint of a pod's run.
  ///
  /// - Parameter identity: the pod. Its IDs come from labels and are checked, so that they can't
  ///   lead out of the directory.
  /// - Returns: the finding; nil if the checkpoint proves nothing.
  func finding(for identity: PodIdentity) -> Finding? {
    let ids = [identity.agentID, identity.frameworkID, identity.executorID, identity.run]
    guard ids.allSatisfy(Self.isComponent) else { return nil }
    let run =
      "\(agentWorkDirectory)/meta/slaves/\(ids[0])/frameworks/\(ids[1])/executors/\(ids[2])/runs/\(ids[3])"
    var status = stat()
    if lstat(run + "/executor.sentinel", &status) == 0 { return .sentinel }
    if let text = try? TextFile.regular(run + "/pids/forked.pid"),
      let pid = Int32(text.prefix { $0.isNumber }), pid > 0,
      kill(pid, 0) == 0 || errno == EPERM
    {
      return .checkpointedProcess(pid)
    }
    return nil
  }

  /// Whether the agent's checkpoint has the end of a run of any executor: for cgroups of which no
  /// labels are known.
  func isOver(run: String) -> Bool {
    guard Self.isComponent(run) else { return false }
    let agent = agentWorkDirectory + "/meta/slaves/latest/frameworks"
    for framework in Self.names(agent) {
      let executors = "\(agent)/\(framework)/executors"
      for executor in Self.names(executors) {
        var status = stat()
        if lstat("\(executors)/\(executor)/runs/\(run)/executor.sentinel", &status) == 0 {
          return true
        }
      }
    }
    return false
  }

  private static func isComponent(_ text: String) -> Bool {
    !text.isEmpty && text != "." && text != ".." && text.utf8.count < 256
      && !text.utf8.contains(UInt8(ascii: "/")) && !text.utf8.contains(0)
  }

  private static func names(_ directory: String) -> [String] {
    ((try? Directory.names(of: directory)) ?? []).filter(isComponent)
  }
}
