import ArgumentParser
import Glibc
import Linux
import Program

/// The options for the output of a report.
struct ReportForm: ParsableArguments {
  /// A table for people, or JSON for programs.
  enum Format: String, ExpressibleByArgument, CaseIterable {
    case table, json
  }

  @Option(help: "The format: table, or json (one document on one line).")
  var format: Format = .table

  @Option(help: "Colors and redrawing: never, auto (on a terminal) or always.")
  var ansi: AnsiMode = .auto

  /// Prints a report once or repeatedly.
  ///
  /// If the first report fails, the command fails. A later report that fails is replaced by its
  /// error, so that the command continues after a restart of the engine.
  ///
  /// - Parameters:
  ///   - interval: the time between two reports; nil for one report.
  ///   - report: gives the report, without a line feed at its end.
  /// - Throws: the error of the first report.
  func print(
    every interval: Duration?, _ report: (Terminal) async throws -> String
  ) async throws {
    let environment = ProcessEnvironment.current
    let terminal = Terminal(descriptor: STDOUT_FILENO, mode: ansi, environment: environment)
    let first = try await report(terminal)
    guard let interval else {
      StandardOutput.write(first + "\n")
      return
    }
    if format == .json {
      var text = first
      while StandardOutput.write(text + "\n"), StandardOutput.hasReader,
        (try? await Task.sleep(for: interval)) != nil
      {
        text = await Self.text(terminal, report)
      }
      return
    }
    var waiting: String? = first
    await Watch.run(every: interval, mode: ansi, environment: environment) { terminal in
      if let first = waiting {
        waiting = nil
        return first
      }
      return await Self.text(terminal, report)
    }
  }

  private static func text(
    _ terminal: Terminal, _ report: (Terminal) async throws -> String
  ) async -> String {
    do {
      return try await report(terminal)
    } catch let failure as CommandError {
      return Printable.line(failure.message)
    } catch {
      return Printable.line("\(error)")
    }
  }
}

/// The wall clock.
enum Present {
  /// The current time, in seconds since 1970.
  static var seconds: Int64 {
    var time = (seconds: 0, nanoseconds: 0)
    // The tuple has the layout of a timespec. Which C module declares the members of timespec
    // depends on the order in which modules are imported.
    withUnsafeMutablePointer(to: &time) {
      $0.withMemoryRebound(to: timespec.self, capacity: 1) {
        _ = clock_gettime(CLOCK_REALTIME, $0)
      }
    }
    return Int64(time.seconds)
  }
}
