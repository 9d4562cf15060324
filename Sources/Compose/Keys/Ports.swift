import OrderedCollections
import YAML

/// `ports:` of a service (Compose specification, "ports").
enum Ports {
  static let shape = SchemaType.expanding(
    expand, .list(.completing(complete, .fields(keys))))

  private static let keys = ObjectSchema(
    "a port",
    [
      SchemaProperty("name", .string, mapsTo: "nothing: a comment", is: .harmless),
      SchemaProperty("mode", .string, mapsTo: "nothing: for swarms", is: .harmless),
      SchemaProperty("host_ip", .string, mapsTo: "HostIp", is: .harmless),
      SchemaProperty("target", .integer(.port), mapsTo: "the key of PortBindings", is: .harmless),
      SchemaProperty(
        "published", .stringOrInteger, mapsTo: "HostPort", is: .needs(.publishedPorts)),
      SchemaProperty("protocol", .string, mapsTo: "the key of PortBindings", is: .harmless),
      SchemaProperty("app_protocol", .string, mapsTo: "nothing: a comment", is: .harmless),
    ])

  /// The identity of a published port: address, host port, container port and protocol.
  @Sendable static func identity(_ node: YAMLNode) -> String? {
    guard let target = node["target"]?.scalarText else { return nil }
    let host = node["host_ip"]?.string ?? "0.0.0.0"
    // Docker Compose treats a number and a string as different values.
    let isNumber = node["published"]?.integer != nil
    let published = (isNumber ? "#" : "") + (node["published"]?.scalarText ?? "")
    return "\(host):\(published):\(target)/\(node["protocol"]?.string ?? "tcp")"
  }

  /// Converts `[[address:]host:]container[/protocol]` and numbers to mappings, one for each port of
  /// a range.
  @Sendable private static func expand(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard let items = node.sequence else { return node }
    var ports: [YAMLNode] = []
    for item in items {
      if let text = item.string ?? item.integer.map({ String($0) }) {
        do throws(DiagnosticError) {
          // Throws before expanding another range if the budget is already exceeded.
          try canonicalizer.budget.take(0, .ports, at: item.position)
          let expanded = try expand(text, at: item.position)
          try canonicalizer.budget.take(expanded.count, .ports, at: item.position)
          ports += expanded.map(\.shortened)
        } catch {
          // Docker Compose keeps all ports as written if it can't parse one of them.
          if canonicalizer.isRaw { return node }
          throw error
        }
      } else {
        ports.append(item)
      }
    }
    return YAMLNode(.sequence(ports), at: node.position)
  }

  /// The long form with default values.
  @Sendable private static func complete(
    _ node: YAMLNode, _ canonicalizer: inout Canonicalizer
  ) throws(DiagnosticError) -> YAMLNode {
    guard node.mapping != nil else {
      throw DiagnosticError(
        "a port must be a string such as \"8080:80\", a number or a mapping, not \(node.kind)",
        at: node.position)
    }
    guard node["target"] != nil else {
      throw DiagnosticError("a port needs a `target`", at: node.position)
    }
    if let host = node["host_ip"], let text = host.string, !IPAddress.isValid(text) {
      throw DiagnosticError("`\(text)` is not an IP address", at: host.position)
    }
    var port = node
    if port["protocol"] == nil { port.set("protocol", text: "tcp") }
    if port["mode"] == nil { port.set("mode", text: "ingress") }
    return port
  }

  private static func expand(
    _ text: String, at position: SourcePosition
  ) throws(DiagnosticError) -> [YAMLNode] {
    func refuse(_ why: String) -> DiagnosticError {
      DiagnosticError("`\(text)` is not a port: \(why)", at: position)
    }
    let (spec, suffix) = text.split("/")
    let word = suffix ?? ""
    guard let transport = word.isEmpty ? .tcp : Transport(rawValue: word.lowercased()) else {
      throw refuse("the protocol must be tcp, udp or sctp")
    }
    let parts = spec.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    var address = parts.dropLast(2).joined(separator: ":")
    if address.hasPrefix("["), address.hasSuffix("]") {
      address = String(address.dropFirst().dropLast())
    }
    guard address.isEmpty || IPAddress.isValid(address) else {
      throw refuse("`\(address)` is not an IP address")
    }
    guard let container = ClosedRange(ports: parts[parts.count - 1]), container.lowerBound > 0
    else {
      throw refuse("the container's port must be a number up to 65535 or a range")
    }
    let hostText = parts.count > 1 ? parts[parts.count - 2] : ""
    guard let host = hostText.isEmpty ? 0...0 : ClosedRange(ports: hostText) else {
      throw refuse("the host's port must be a number up to 65535 or a range")
    }
    guard hostText.isEmpty || container.count == host.count || container.count == 1 else {
      throw refuse("the two ranges have different lengths")
    }
    return container.enumerated().map { offset, target in
      var node = YAMLNode(mappingAt: position)
      node.set("mode", text: "ingress")
      if !address.isEmpty { node.set("host_ip", text: address) }
      node.set("target", YAMLNode(.integer(Int64(target)), at: position))
      if !hostText.isEmpty {
        let wide = container.count == 1 && host.count > 1
        let published =
          wide ? HostPort.range(host) : .fixed(host.lowerBound + UInt16(offset))
        node.set("published", text: "\(published)")
      }
      node.set("protocol", text: transport.rawValue)
      return node
    }
  }

  /// The ports in the order in which `config` prints them. Ports of one short form are sorted by
  /// their text, as in Docker Compose, together with another file's entries that replaced some of
  /// them.
  static func printed(_ node: YAMLNode) -> YAMLNode {
    guard let items = node.sequence else { return node }
    func text(_ port: YAMLNode) -> String { "\(port["target"]?.integer ?? 0)/" }
    let ends = Dictionary(items.enumerated().map { ($1.position, $0) }) { $1 }
    var ordered: [YAMLNode] = []
    while let first = items.dropFirst(ordered.count).first {
      let form = items[ordered.count...(ends[first.position] ?? ordered.count)]
      ordered += form.sorted { text($0).utf8.lexicographicallyPrecedes(text($1).utf8) }
    }
    return YAMLNode(.sequence(ordered), at: node.position)
  }
}
