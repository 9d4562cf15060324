import ArgumentParser
import Compose
import PodControl
import PodRuntime
import Program
import Settings
import YAML

/// The objects of `run --format json` (docs/pods.md, "JSON output"), except those of containers'
/// output.
enum RunJSON {
  /// Prints a pod's events until it has ended, and the progress of its pulls once a second.
  ///
  /// - Parameters:
  ///   - pod: the pod.
  ///   - lines: prints the objects.
  static func follow(_ pod: Pod, to lines: LineQueue) async {
    var pulling: Task<Void, Never>?
    for await event in pod.history.subscribe() {
      lines.add(object(of: event))
      guard event.kind == .imagePulling else { continue }
      pulling?.cancel()
      pulling = Task {
        repeat {
          try? await Task.sleep(for: .seconds(1))
          for (image, pull) in pod.pulls.all.sorted(by: { $0.key < $1.key })
          where !Task.isCancelled {
            lines.add(object(of: pull, image))
          }
          // Before the engine has reported a layer, there is no progress to print.
        } while !Task.isCancelled && pod.pulls.isPulling
      }
    }
    pulling?.cancel()
  }

  /// An event as an object.
  static func object(of event: PodEvent) -> [UInt8] {
    var object = JSONLine("event", time: event.time)
    object.add("event", event.event)
    object.add("service", event.service)
    object.add("subject", event.subject)
    object.add("container", event.container)
    object.add("exitCode", event.exitCode)
    object.add("message", Printable.line(event.message))
    return object.line
  }

  private static func object(of pull: PullStatus, _ image: String) -> [UInt8] {
    var object = JSONLine("progress")
    object.add("subject", image)
    object.add("current", Int(pull.current))
    object.add("total", Int(pull.total))
    object.add("layers", pull.layers)
    object.add("doneLayers", pull.doneLayers)
    return object.line
  }

  /// A published port as JSON.
  static func port(_ port: AssignedPort) -> [UInt8] {
    let container = port.port.container
    return JSONLine.object { object in
      object.add("service", port.service)
      object.add("container", Int(container.number))
      object.add("host", port.host.number.map { Int($0) })
      object.add("protocol", container.transport.rawValue)
    }
  }

  /// Prints why there is no pod.
  ///
  /// - Parameter error: the error of a file, an option or a variable.
  /// - Returns: the error that the command throws.
  static func failure(_ error: any Error) -> ExitCode {
    let fault = error as? DiagnosticError
    for warning in fault?.warnings ?? [] {
      StandardError.line("compose-executor: \(warning.position): \(warning.value)")
    }
    var object = JSONLine("error")
    object.add("message", Printable.line(fault?.message ?? "\(error)"))
    object.add("file", fault?.position?.file ?? fault?.file)
    object.add("line", fault?.position?.line)
    object.add("column", fault?.position?.column)
    let code = error is ConfigurationError ? CommandError.usage : 1
    object.add("exitCode", Int(code))
    StandardOutput.write(String(decoding: object.line, as: UTF8.self))
    return ExitCode(code)
  }
}
