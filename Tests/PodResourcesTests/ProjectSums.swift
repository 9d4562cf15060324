import Compose
import Foundation
import PodResources
import TestSupport

/// Loads files from a temporary directory's subdirectory `pod`. The Compose file is the only one
/// loaded unless `options` adds others.
func withProject<Result>(
  _ text: String, others: [String: String] = [:], options: (inout LoadOptions) -> Void = { _ in },
  _ body: (Project) throws -> Result
) async throws -> Result {
  try await withTemporaryDirectory { directory in
    let file = try directory.write("pod/compose.yaml", text)
    for (name, text) in others { try directory.write("pod/\(name)", text) }
    var load = LoadOptions(files: [file])
    options(&load)
    load.files = load.files.map { $0.hasPrefix("/") ? $0 : directory.path("pod/\($0)") }
    return try body(try ComposeLoader.load(load))
  }
}

/// The sum of a Compose file.
func sum(
  _ text: String, _ change: (inout SumOptions) -> Void = { _ in }
) async throws -> ResourceSum {
  try await withProject(text) { project in
    var options = SumOptions()
    options.executor = .none
    change(&options)
    return try ResourceSum(project, options)
  }
}

/// The size of a number of MiB.
func mebibytes(_ count: Int64) -> ByteSize { ByteSize(bytes: count * 1_048_576) }
