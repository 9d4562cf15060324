import Compose
import PodRuntime

/// Attacks that would reach other hosts, other pods, and registries.
extension Attack {
  static let network: [Attack] = [
    Attack("the host's network", ["network_mode"], needs: .hostNamespaces, "network_mode: host"),
    Attack("a container's network", needs: .hostNamespaces, "network_mode: \"container:other\""),
    Attack("the network of all", needs: .networks, "network_mode: bridge"),
    Attack("another pod's network by its name", needs: .networks, "network_mode: other_default"),
    Attack(
      "another pod's network", ["networks.external"], needs: .networks, line: 6,
      "networks: [n]", top: "networks:\n  n: {external: true, name: other}\n"),
    Attack(
      "another pod's network in the obsolete form", needs: .networks, line: 6,
      "networks: [n]", top: "networks:\n  n: {external: {name: other}}\n"),
    Attack(
      "the host's network by its name", needs: .hostNamespaces, line: 6, "networks: [n]",
      top: "networks:\n  n: {external: true, name: host}\n"),
    Attack(
      "another driver", ["networks.driver"], needs: .networkDrivers, line: 6, "networks: [n]",
      top: "networks:\n  n: {driver: macvlan, driver_opts: {parent: eth0}}\n"),
    Attack(
      "the host's driver", needs: .networkDrivers, line: 6, "networks: [n]",
      top: "networks:\n  n: {driver: host}\n"),
    Attack(
      "the usual driver by its name", needs: .networkDrivers, line: 6, "networks: [n]",
      top: "networks:\n  n: {driver: bridge}\n"),
    Attack(
      "the host's bridge", ["networks.driver_opts"], needs: .networkDrivers, line: 6,
      "networks: [n]",
      top: "networks:\n  n: {driver_opts: {com.docker.network.bridge.name: docker0}}\n",
      permitted: [.networkDrivers: .only(["bridge"])]),
    Attack(
      "the default network on the host's bridge", needs: .networkDrivers, line: 6,
      "command: [id]",
      top: "networks:\n  default: {driver_opts: {com.docker.network.bridge.name: docker0}}\n"),
    Attack(
      "another way of addresses", ["networks.ipam.driver"], needs: .networkDrivers, line: 6,
      "networks: [n]", top: "networks:\n  n: {ipam: {driver: dhcp}}\n"),
    Attack(
      "options of addresses", ["networks.ipam.options"], needs: .networkDrivers, line: 6,
      "networks: [n]", top: "networks:\n  n: {ipam: {options: {a: b}}}\n"),
    Attack(
      "addresses of others", ["networks.ipam.config.subnet"], needs: .subnets, line: 6,
      "networks: [n]", top: "networks:\n  n: {ipam: {config: [{subnet: 10.9.0.0/16}]}}\n"),
    Attack(
      "addresses around the listed ones", needs: .subnets, line: 6, "networks: [n]",
      top: "networks:\n  n: {ipam: {config: [{subnet: 10.200.0.0/15}]}}\n",
      permitted: [.subnets: .only(["10.200.0.0/16"])]),
    Attack(
      "addresses of IPv6", needs: .subnets, line: 6, "networks: [n]",
      top: "networks:\n  n: {enable_ipv6: true, ipam: {config: [{subnet: \"2001:db8::/64\"}]}}\n"),
    Attack(
      "a gateway of others", ["networks.ipam.config.gateway"], needs: .subnets, line: 6,
      "networks: [n]", top: "networks:\n  n: {ipam: {config: [{gateway: 10.9.0.1}]}}\n"),
    Attack(
      "a range of others", ["networks.ipam.config.ip_range"], needs: .subnets, line: 6,
      "networks: [n]", top: "networks:\n  n: {ipam: {config: [{ip_range: 10.9.0.0/24}]}}\n"),
    Attack(
      "a further address", ["networks.ipam.config.aux_addresses"], needs: .subnets, line: 6,
      "networks: [n]",
      top: "networks:\n  n: {ipam: {config: [{aux_addresses: {x: 10.9.0.7}}]}}\n"),
    Attack(
      "an address of one's own choice", ["networks.*.ipv4_address"], needs: .subnets, line: 5,
      "networks:\n  n: {ipv4_address: 10.9.0.7}", top: "networks: {n: {}}\n"),
    Attack(
      "the same of IPv6", ["networks.*.ipv6_address"], needs: .subnets, line: 5,
      "networks:\n  n: {ipv6_address: \"2001:db8::1\"}", top: "networks: {n: {}}\n"),
    Attack(
      "the same of a link", ["networks.*.link_local_ips"], needs: .subnets, line: 5,
      "networks:\n  n: {link_local_ips: [169.254.169.254]}", top: "networks: {n: {}}\n"),
    Attack(
      "options of an interface", ["networks.*.driver_opts"], needs: .networkDrivers, line: 4,
      "networks:\n  n: {driver_opts: {com.docker.network.endpoint.sysctls: x}}",
      top: "networks: {n: {}}\n"),
    Attack(
      "a hardware address among others", ["mac_address", "networks.*.mac_address"],
      needs: .networks, line: 5, "network_mode: bridge\nmac_address: \"02:42:ac:11:00:02\"",
      permitted: [.networks: .only(["bridge"])]),
    Attack(
      "a link to another pod", ["external_links"], needs: .hostNamespaces, line: 4,
      "external_links: [other:db]"),
    Attack(
      "a host port", ["ports", "ports.published"], needs: .publishedPorts, "ports: [\"80:80\"]"),
    Attack("a host port of the engine's choice", needs: .publishedPorts, "ports: [80]"),
    Attack(
      "a host port in the long form", needs: .publishedPorts, line: 5,
      "ports:\n  - {target: 80, published: \"22\"}"),
    Attack(
      "a host port that wasn't offered", needs: .publishedPorts, "ports: [\"22:80\"]",
      permitted: [.publishedPorts: .only(["offered"])]),
    Attack(
      "a log's tag that takes the engine's memory", needs: .logDrivers,
      "logging: {driver: json-file, options: {tag: \"{{pad .ID 900000000000 0}}\"}}",
      permitted: [.logDrivers: .only(["json-file"])]),
    Attack(
      "such a tag without a driver", needs: .logDrivers,
      "logging: {options: {tag: \"{{printf `%999999999d` 1}}\"}}"),
    Attack(
      "such a tag behind a plain one", needs: .logDrivers,
      "logging: {options: {tag: \"{{.ID}}{{with .ID}}{{.}}{{end}}\"}}"),
    Attack(
      "plain tags within each other", needs: .logDrivers,
      "logging: {options: {tag: \"{{.{{.ID}}Name}}\"}}"),
    Attack(
      "such a tag in parts of a plain one", needs: .logDrivers,
      "logging: {options: {tag: \"{{{.ID}}{pad .ID 9999999 0}}\"}}"),
    Attack(
      "another log driver", ["logging.driver"], needs: .logDrivers,
      "logging: {driver: fluentd, options: {fluentd-address: \"unix:///run/docker.sock\"}}"),
    Attack(
      "a log driver's address", ["logging.options"], needs: .logDrivers,
      "logging: {driver: fluentd, options: {fluentd-address: \"unix:///run/docker.sock\"}}",
      permitted: [.logDrivers: .only(["fluentd"])]),
    Attack(
      "a log driver's file", needs: .logDrivers,
      "logging: {driver: syslog, options: {syslog-tls-key: /etc/key}}",
      permitted: [.logDrivers: .only(["syslog"])]),
    Attack(
      "a log driver's options alone", needs: .logDrivers,
      "logging: {options: {gelf-address: \"udp://10.0.0.1:1\"}}"),
  ]

  private static let hub: [Permission: PodPolicy.Allowed] = [
    .registries: .only(["docker.io/library", "registry.example.com/team"])
  ]

  private static func image(_ name: String, _ image: String, line: Int = 3) -> Attack {
    Attack(
      name, ["image"], needs: .registries, line: line,
      file: "services:\n  a:\n    image: \"\(image)\"\n", permitted: hub)
  }

  static let images: [Attack] = [
    image("another registry's image", "evil.example/busybox"),
    image("another owner's image", "evil/busybox"),
    image("an image beside the listed path", "registry.example.com/team2/x"),
    image("an image above the listed path", "registry.example.com/x"),
    image("an image by its ID", String(repeating: "a", count: 64)),
    image("an image by its digest alone", "sha256:" + String(repeating: "a", count: 64)),
    image("an image of a registry with a port", "registry.example.com:5000/team/x"),
    image("an image that climbs", "registry.example.com/team/../x"),
    Attack(
      "an image that is mounted", needs: .registries, line: 5,
      "volumes:\n  - {type: image, source: evil.example/x, target: /x}", permitted: hub),
    Attack(
      "an image of a container before it", needs: .registries, line: 5,
      "pre_start:\n  - image: evil.example/x", permitted: hub),
  ]

  private static func bounded(
    _ name: String, _ keys: [String], needs permission: Permission, line: Int?, _ lines: String
  ) -> Attack { Attack(name, keys, needs: permission, line: line, lines) }

  /// Attacks that exceed a limit of the operator.
  static let bounds: [Attack] = [
    bounded("more processes", ["pids_limit"], needs: .maxPids, line: 4, "pids_limit: 101"),
    bounded("processes without end", [], needs: .maxPids, line: 4, "pids_limit: -1"),
    bounded(
      "more processes by a deployment", ["deploy.resources.limits.pids"], needs: .maxPids, line: 4,
      "deploy: {resources: {limits: {pids: 101}}}"),
    Attack(
      "more networks than containers", needs: .maxContainers, line: nil,
      file: "services: {a: {image: busybox}}\nnetworks: {a: , b: , c: , d: }\n"),
    bounded("more containers", ["scale"], needs: .maxContainers, line: 1, "scale: 4"),
    bounded(
      "more containers by a deployment", ["deploy.replicas"], needs: .maxContainers, line: 1,
      "deploy: {replicas: 4}"),
  ]

  static let all = host + paths + builds + network + images + bounds
}
