import Foundation
import TestSupport
import Testing

@testable import Reaping

@Suite("Monitoring")
struct MonitoringTests {
  private static let alerts = "deploy/prometheus/alerts.yaml"
  private static let tests = "deploy/prometheus/alerts_test.yaml"

  /// The type of each metric, by name.
  private let families = Dictionary(
    uniqueKeysWithValues: Metrics.text(Counters())
      .matches(of: /# TYPE (pod_reaper_[a-z_]+) ([a-z]+)/).map { (String($0.1), String($0.2)) })

  /// Whether a metric has a series with that name.
  private func exists(_ name: String) -> Bool {
    if families[name] != nil { return true }
    let suffix = name.split(separator: "_").last.map { "_\($0)" } ?? ""
    switch families[String(name.dropLast(suffix.count))] {
    case "summary": return ["_sum", "_count"].contains(suffix)
    case "histogram": return ["_sum", "_count", "_bucket"].contains(suffix)
    default: return false
    }
  }

  private func rows(below title: String) throws -> [[String]] {
    try Project.files(below: ["docs"], endings: ["md"]).flatMap {
      MarkdownTable.all(in: try Project.text($0))
    }.filter { $0.head.first == title }.flatMap(\.rows)
  }

  @Test("no page, alert or panel names a metric that does not exist")
  func names() throws {
    let files = try Project.files(below: ["docs", "deploy"], endings: ["md", "yaml", "json"])
    #expect(files.contains(Self.alerts) && files.contains("deploy/grafana/compose-pods.json"))
    for file in files {
      for name in try Project.text(file).matches(of: /pod_reaper_[a-z_]+/) {
        #expect(exists(String(name.0)), "\(file): there is no metric \(name.0)")
      }
    }
  }

  @Test("every metric has a row in the pages, with its type and labels")
  func metrics() throws {
    var explained: [String: String] = [:]
    for row in try rows(below: "metric") {
      let name = try #require(row[0].firstMatch(of: /`(pod_reaper_[a-z_]+)(?:\{.*\})?`/))
      explained[String(name.1)] = row[1]
    }
    #expect(explained == families)
  }

  @Test("every reason of an undecided pod has a row in the pages")
  func reasons() throws {
    let reasons = try rows(below: "reason").map { $0[0].replacing("`", with: "") }
    #expect(Set(reasons) == Set(Remedy.allCases.map(\.rawValue)))
  }

  @Test("every alert has a row in the pages, a severity, and tests that it fires and does not fire")
  func alerts() throws {
    let rules = try Project.text(Self.alerts).components(separatedBy: "  - alert: ").dropFirst()
    let names = rules.map { String($0.prefix { $0 != "\n" }) }
    #expect(names.count > 10 && Set(names).count == names.count)
    #expect(try rows(below: "alert").map { $0[0] } == names)
    let tests = try Project.text(Self.tests)
    for (name, rule) in zip(names, rules) {
      #expect(rule.contains(/labels: {severity: (critical|warning)}/), "\(name)")
      #expect(rule.contains("summary: ") && rule.contains("description: "), "\(name)")
      #expect(tests.contains("- name: \(name) fires\n"), "\(name)")
      #expect(tests.contains("- name: \(name) does not fire"), "\(name)")
    }
  }

  @Test("the dashboard has a panel for each subject, each with a unit, a description and a query")
  func dashboard() throws {
    let text = try Project.text("deploy/grafana/compose-pods.json")
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
    let dashboard = try #require(object as? [String: Any])
    let panels = try #require(dashboard["panels"] as? [[String: Any]])
    #expect(panels.count > 20)
    var used = ""
    for panel in panels {
      let title = try #require(panel["title"] as? String)
      let description = panel["description"] as? String ?? ""
      #expect(description.hasSuffix(".") && description.count > 10, "\(title)")
      let targets = try #require(panel["targets"] as? [[String: Any]])
      #expect(!targets.isEmpty, "\(title)")
      for target in targets {
        let expression = try #require(target["expr"] as? String)
        #expect(expression.contains(#"{job=~"$job",instance=~"$instance""#), "\(title)")
        used += expression + "\n"
      }
    }
    // The version is for the operators' own dashboards.
    for family in families.keys where family != "pod_reaper_build_info" {
      #expect(used.contains(family), "no panel shows \(family)")
    }
  }

  @Test("promtool accepts the alerts and their tests", .enabled(if: Promtool.exists))
  func promtool() async throws {
    for (verb, file) in [("check", Self.alerts), ("test", Self.tests)] {
      let result = try await Command("promtool", [verb, "rules", SourceTree.path(file)]).run()
      #expect(result.status.isSuccess, "\(result)")
    }
  }
}
