import Foundation
import OrderedCollections
import TestSupport
import YAML

@testable import Compose

extension RunningProject {
  /// Some cases as one project: a service each.
  init(_ cases: [RunningCase], of tables: [RunningTable]) throws {
    var (files, environment): ([String: String], [String: String]) = ([:], [:])
    var text = RunningFiles()
    var tops = ""
    let used = tables.filter { table in cases.contains { $0.row.table == table.name } }
    for table in used {
      tops += RunningFiles.anchor(table.name, table.common)
      files.merge(table.files) { $1 }
      environment.merge(table.environment) { $1 }
      if !table.top.isEmpty { files["\(table.name).yaml"] = table.top }
    }
    var variables: [String: String]? = [:]
    for one in cases { try text.add(one, &variables) }
    environment.merge(variables ?? [:]) { $1 }
    let keeper = "services:\n  keeper: {image: pod-test/probe, network_mode: none}\n"
    files["compose.yaml"] = tops + text.anchors + keeper + text.first
    files["second.yaml"] = keeper + text.second
    files["base.yaml"] = tops + keeper + text.base
    let more = used.filter { !$0.top.isEmpty }.map { "\($0.name).yaml" }
    self.init(
      names: cases.map(\.description), files: files, environment: environment,
      options: (["compose.yaml"] + more + ["second.yaml"]).flatMap { ["-f", $0] },
      exiting: Set(cases.filter(\.row.exits).map(\.description)),
      silent: Set(cases.filter(\.row.isSilent).map(\.description)))
  }
}

/// The Compose files of a batch's cases.
private struct RunningFiles {
  /// The anchors that services merge.
  var anchors = ""
  /// The first file.
  var first = ""
  /// The file that is merged over the first.
  var second = ""
  /// The services that others extend.
  var base = ""

  mutating func add(_ one: RunningCase, _ variables: inout [String: String]?) throws {
    let (name, table) = ("\(one)", one.row.table)
    let other = one.row.other ?? ""
    let common = "<<: *\(table)\n"
    func service(_ text: String) -> String {
      "  \(name):\n" + RunningText.indented(text.isEmpty ? "{}" : text) + "\n"
    }
    switch one.form {
    case .plain: first += service(common + one.row.snippet)
    case .anchor:
      anchors += Self.anchor(name, one.row.snippet)
      first += service("<<: [*\(name), *\(table)]\n")
    case .variable:
      let members = try RunningText.mapping(one.row.snippet).map {
        "\($0): \(RunningText.flow($1.value, &variables))\n"
      }
      first += service(common + members.joined())
    case .extended:
      first += service("extends: {file: base.yaml, service: \(name)}")
      base += service(common + one.row.snippet)
    case .extending:
      first += service("extends: {file: base.yaml, service: \(name)}\n" + one.row.snippet)
      base += service(common + other)
    case .overriding:
      first += service(common + other)
      second += service(one.row.snippet)
    case .overridden:
      first += service(common + one.row.snippet)
      second += service(other)
    case .replacing, .reset:
      let isReset = one.form == .reset
      first += service(common + (isReset ? one.row.snippet : other))
      let members = try RunningText.mapping(one.row.snippet).map {
        var none: [String: String]?
        return isReset
          ? "\($0): !reset null\n"
          : "\($0): !override \(RunningText.flow($1.value, &none))\n"
      }
      second += service(members.joined())
    case .second:
      first += service(common)
      second += service(one.row.snippet)
    }
  }

  /// A top-level key for an anchor.
  static func anchor(_ name: String, _ text: String) -> String {
    "x-\(name): &\(name)\n" + RunningText.indented(text, by: 2) + "\n"
  }
}
