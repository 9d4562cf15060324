import AgentStandIn
import Foundation
import OrderedCollections
import TestSupport
import YAML

@testable import Compose

/// A difference between both sides of one case.
struct RunningFinding: Sendable, CustomStringConvertible {
  /// The case, or another object's name.
  let name: String
  /// The location: a path in `docker inspect`, or `inside` and a section of the probe's output.
  let location: String
  let ours: String
  let theirs: String
  /// The project's case, if a project is one case; otherwise the name.
  var title: String { project ?? name }
  /// The case that is the whole project.
  var project: String?

  var description: String {
    "\(project.map { $0 + ": " } ?? "")\(name): \(location): ours \(ours), Compose's \(theirs)"
  }
}

/// Compares the results of a batch on both sides.
struct RunningComparison: Sendable {
  let project: Project
  let isOrdered: Bool
  let ours: RunningSide
  let theirs: RunningSide

  init(_ project: RunningProject, ours: RunningSide, theirs: RunningSide) throws {
    self.ours = ours
    self.theirs = theirs
    self.project = try project.loaded()
    isOrdered = project.isOrdered
  }

  /// All differences.
  var findings: [RunningFinding] {
    let (one, other) = (form(of: ours), form(of: theirs))
    var found: [RunningFinding] = []
    let (left, right) = (ours.objects, theirs.objects)
    for key in Set(left.containers.keys).union(right.containers.keys).sorted()
    where key != "keeper/1" {
      guard let container = left.containers[key], let twin = right.containers[key],
        let service = project.services[String(key.prefix { $0 != "/" })]
      else {
        found.append(missing("container \(key)", left.containers[key], right.containers[key]))
        continue
      }
      let name = key.hasSuffix("/1") ? String(key.dropLast(2)) : key
      found += Self.findings(
        name, one.container(Self.still(container), of: service),
        other.container(Self.still(twin), of: service))
      for stream in 0..<2 {
        found += RunningView.findings(
          name, stream, lines(ours, key, stream, one), lines(theirs, key, stream, other)
        ).filter {
          // The host's interfaces change with other projects.
          service.networkMode?.value != .host || $0.location != "inside interfaces"
        }
      }
    }
    for (kind, path) in [("network", \CreatedObjects.networks), ("volume", \.volumes)] {
      let (left, right) = (left[keyPath: path], right[keyPath: path])
      for key in Set(left.keys).union(right.keys).sorted() {
        let name = "\(kind) \(key)"
        guard let object = left[key], let twin = right[key] else {
          found.append(missing(name, left[key], right[key]))
          continue
        }
        let hasPools = kind == "volume" || project.networks[key]?.ipam?.pools.isEmpty == false
        found += Self.findings(
          name, one.object(object, hasPools: hasPools), other.object(twin, hasPools: hasPools))
      }
    }
    return found + orderFindings
  }

  /// The differences of the containers' starts and exits: in total, or container by container.
  private var orderFindings: [RunningFinding] {
    let (one, other) = (ours.events, theirs.events)
    guard !isOrdered else {
      if one == other { return [] }
      return [
        RunningFinding(
          name: "all", location: "order", ours: one.map(\.description).joined(separator: ", "),
          theirs: other.map(\.description).joined(separator: ", "))
      ]
    }
    let (left, right) = (
      Dictionary(grouping: one, by: \.name), Dictionary(grouping: other, by: \.name)
    )
    return Set(left.keys).union(right.keys).sorted().compactMap { name in
      let (mine, yours) = (left[name] ?? [], right[name] ?? [])
      if mine == yours { return nil }
      return RunningFinding(name: name, location: "events", ours: "\(mine)", theirs: "\(yours)")
    }
  }

  private func missing(_ name: String, _ ours: JSON?, _ theirs: JSON?) -> RunningFinding {
    RunningFinding(
      name: name, location: "", ours: ours == nil ? "none" : "one",
      theirs: theirs == nil ? "none" : "one")
  }

  private static func findings(_ name: String, _ ours: JSON?, _ theirs: JSON?) -> [RunningFinding] {
    JSON.parted(ours, theirs).map {
      RunningFinding(name: name, location: $0.path, ours: $0.ours, theirs: $0.theirs)
    }
  }

  private func lines(
    _ side: RunningSide, _ key: String, _ stream: Int, _ form: ParityForm
  ) -> [String] {
    (side.lines[key]?[stream] ?? []).map { form.names.replaced(in: $0) }
  }

  private func form(of side: RunningSide) -> ParityForm {
    var names = ParityNames(of: side.objects, project: side.project, directory: side.directory)
    let fixed = project.networks.filter { $1.ipam?.pools.isEmpty == false }.keys
    names.addAddresses(of: side.objects, fixed: Set(fixed))
    // A pod's container has its name from the task, and this name as an alias.
    for (name, service) in project.services {
      if let title = service.containerName?.value { names.add(title, "<\(name)/1>") }
    }
    names.sort()
    return ParityForm(names: names, project: project)
  }

  /// The part of a container that is stable between two inspections and between two projects.
  private static func still(_ container: JSON) -> JSON {
    var container = container
    let state = container["State"]
    container["ExecIDs"] = nil
    container["Exit"] = [
      "Status": state?["Status"] ?? .null, "ExitCode": state?["ExitCode"] ?? .null,
      "OOMKilled": state?["OOMKilled"] ?? .null,
    ]
    for key in ["EndpointID", "NetworkID", "Gateway", "IPPrefixLen", "GlobalIPv6PrefixLen"] {
      container.edit(["NetworkSettings", "Networks", "*", key]) { $0 = nil }
    }
    for key in ["EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "MacAddress"] {
      container.edit(["NetworkSettings", key]) { $0 = nil }
    }
    container.edit(["NetworkSettings", "Ports", "*"]) { bindings in
      bindings = bindings?.array.map { list in
        .array(
          list.map {
            var binding = $0
            binding["HostPort"] = "PORT"
            return binding
          })
      }
    }
    return container
  }
}

/// The output of the probe in a container.
enum RunningView {
  /// The sections whose order of lines has no meaning.
  private static let unordered: Set<String> = ["hosts", "mounts", "environment", "interfaces"]

  static func findings(
    _ name: String, _ stream: Int, _ ours: [String], _ theirs: [String]
  ) -> [RunningFinding] {
    let (one, other) = (sections(ours), sections(theirs))
    return Set(one.keys).union(other.keys).sorted().flatMap { section -> [RunningFinding] in
      let (left, right) = (one[section], other[section])
      if left == right { return [] }
      let location = (stream == 0 ? "inside " : "standard error ") + section
      let only = [(left ?? [], right ?? []), (right ?? [], left ?? [])].map { mine, yours in
        let rest = mine.filter { !yours.contains($0) }
        return rest.isEmpty ? "no more of \(mine.count) lines" : "\(rest)"
      }
      return [RunningFinding(name: name, location: location, ours: only[0], theirs: only[1])]
    }
  }

  /// The lines below each heading.
  private static func sections(_ lines: [String]) -> [String: [String]] {
    var sections: [String: [String]] = [:]
    var section = "output"
    for line in lines {
      if line.hasPrefix("probe: ") {
        section = String(line.dropFirst(7))
        sections[section] = []
      } else {
        // Engines from 28 on connect a container's networks in any order.
        let line = section == "interfaces" ? line.replacing(/eth[0-9]+/, with: "eth") : line
        sections[section, default: []].append(line)
      }
    }
    for key in unordered { sections[key]?.sort() }
    return sections
  }
}

extension ParityNames {
  /// The addresses that an engine chose.
  ///
  /// - Parameters:
  ///   - objects: The objects of the engine.
  ///   - fixed: Networks whose addresses the file chose.
  mutating func addAddresses(of objects: CreatedObjects, fixed: Set<String>) {
    for (name, container) in objects.containers {
      for (network, endpoint) in container["NetworkSettings"]?["Networks"]?.members ?? [:] {
        let word = replaced(in: .string(network)).string ?? network
        let requested = endpoint["IPAMConfig"]
        if (requested?["IPv4Address"]?.string ?? "").isEmpty {
          add(endpoint["IPAddress"]?.string ?? "", "<address \(name) \(word)>")
        }
        if (requested?["IPv6Address"]?.string ?? "").isEmpty {
          add(endpoint["GlobalIPv6Address"]?.string ?? "", "<address \(name) \(word) IPv6>")
        }
        let address = endpoint["MacAddress"]?.string ?? ""
        // Addresses of files have this prefix; engines from 28 on choose addresses at random.
        if !address.isEmpty, !address.hasPrefix("02:42:ac:77:65") {
          add(address, "<MAC \(name) \(word)>")
        }
      }
    }
    for (key, network) in objects.networks where !fixed.contains(key) {
      for pool in network["IPAM"]?["Config"]?.array ?? [] {
        add(pool["Gateway"]?.string ?? "", "<gateway \(key)>")
        add(pool["Subnet"]?.string ?? "", "<subnet \(key)>")
      }
    }
    sort()
  }
}
