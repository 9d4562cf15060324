import AgentStandIn
import Foundation
import TestSupport

/// Says yes to everything as an engine of the newest API, and writes down what it was asked to create: for what the
/// engines here are too old for, or have no hardware for. Nothing it creates ever runs or ends.
struct Recorder: Sendable {
  /// It, for what asks an engine.
  let engine: TestEngine
  private let process: RunningCommand

  /// Lends one.
  static func with(_ body: (Recorder) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      let socket = folder.path + "/engine.sock"
      let process = try Command("/usr/bin/python3", ["-c", program, socket]).start()
      defer { process.send(SIGKILL) }
      try await process.line(containing: "ready")
      try await body(
        Recorder(engine: TestEngine(socket: socket, cgroups: .v1), process: process))
    }
  }

  /// What was created so far for a Compose project, in the form of `docker inspect`.
  func created(for project: String) throws -> CreatedObjects {
    var objects = CreatedObjects()
    var containers: [String: JSON] = [:]
    for line in process.lines(.stdout) where line.hasPrefix("{") {
      let record = try JSON(parsing: Array(line.utf8))
      guard let kind = record["kind"]?.string, let body = record["body"] else { continue }
      let labels = body["Labels"]
      guard kind == "connect" || labels?["com.docker.compose.project"]?.string == project else {
        continue
      }
      switch kind {
      case "container": containers[record["id"]?.string ?? ""] = Self.inspected(record, body)
      case "connect":
        guard let id = body["Container"]?.string, let network = record["name"]?.string else {
          continue
        }
        containers[id]?.edit(["NetworkSettings", "Networks"]) { networks in
          networks = networks ?? [:]
          networks?[network] = body["EndpointConfig"]
        }
      case "network": objects.networks[labels?["com.docker.compose.network"]?.string ?? ""] = body
      default: objects.volumes[labels?["com.docker.compose.volume"]?.string ?? ""] = body
      }
    }
    for container in containers.values {
      let labels = container["Config"]?["Labels"]
      let service = labels?["com.docker.compose.service"]?.string ?? ""
      let number = labels?["com.docker.compose.container-number"]?.string ?? ""
      objects.containers["\(service)/\(number)"] = container
    }
    return objects
  }

  /// A request in the form of `docker inspect`.
  private static func inspected(_ record: JSON, _ body: JSON) -> JSON {
    var config = body
    config["HostConfig"] = nil
    config["NetworkingConfig"] = nil
    return [
      "Id": record["id"] ?? "", "Name": record["name"] ?? "", "Platform": record["platform"] ?? "",
      "Config": config, "HostConfig": body["HostConfig"] ?? [:],
      "NetworkSettings": ["Networks": body["NetworkingConfig"]?["EndpointsConfig"] ?? [:]],
    ]
  }

  private static let program = #"""
    import hashlib, json, re, socketserver, sys, threading, urllib.parse
    from http.server import BaseHTTPRequestHandler
    API, lock, forever = '1.51', threading.Lock(), threading.Event()
    # What is external in the files is there already.
    containers, networks, volumes = {}, {'outside': {'Name': 'bridge-outside', 'Id': 'outside'}}, {'store-outside': {'Name': 'store-outside'}}
    def record(**values):
        with lock: print(json.dumps(values), flush=True)
    def matching(things, labels, query):
        wanted = json.loads(query.get('filters', '{}')).get('label', [])
        return [one for one in list(things) if all((labels(one) or {}).get(w.partition('=')[0]) == w.partition('=')[2] or
            ('=' not in w and w in (labels(one) or {})) for w in wanted)]
    def listed(one):
        return {'Id': one['id'], 'Names': ['/' + one['name']], 'Labels': one['body']['Labels'], 'Image': one['body']['Image'],
            'ImageID': 'sha256:0', 'State': 'created', 'Status': 'Created', 'NetworkSettings': {'Networks': {}}}
    def inspected(one):
        return {'Id': one['id'], 'Name': '/' + one['name'], 'Image': 'sha256:0', 'Config': one['body'],
            'State': {'Status': 'created', 'Running': False}, 'HostConfig': one['body'].get('HostConfig', {}),
            'NetworkSettings': {'Networks': {}}, 'Mounts': []}
    class Engine(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'
        def log_message(self, *words): pass
        def answer(self, value=None, status=200, text=None):
            data = (json.dumps(value) if text is None else text).encode() if status != 204 else b''
            self.send_response(status)
            self.send_header('Api-Version', API)
            self.send_header('Ostype', 'linux')
            self.send_header('Content-Type', 'application/json')
            if status != 204: self.send_header('Content-Length', str(len(data)))
            self.end_headers()
            if self.command != 'HEAD': self.wfile.write(data)
        def hang(self):
            self.send_response(200)
            self.send_header('Content-Type', 'application/json')
            self.end_headers()
            self.wfile.flush()
            forever.wait()
        def serve(self):
            address = urllib.parse.urlsplit(self.path)
            path = urllib.parse.unquote(re.sub(r'^/v[0-9.]+', '', address.path))
            query = dict(urllib.parse.parse_qsl(address.query))
            length = int(self.headers.get('Content-Length') or 0)
            data = self.rfile.read(length)
            body = json.loads(data) if data.startswith(b'{') else {}
            parts = path.strip('/').split('/')
            kind, rest = parts[0], '/'.join(parts[1:])
            if kind == '_ping': return self.answer(text='OK')
            if kind == 'version':
                return self.answer({'ApiVersion': API, 'MinAPIVersion': '1.24', 'Version': '28.5.0', 'Os': 'linux', 'Arch': 'amd64'})
            if kind == 'info':
                return self.answer({'ID': 'recorder', 'CgroupDriver': 'cgroupfs', 'CgroupVersion': '1', 'OSType': 'linux',
                    'Architecture': 'x86_64', 'ServerVersion': '28.5.0', 'Swarm': {'LocalNodeState': 'inactive'}})
            if kind == 'events': return self.hang()
            if kind == 'images' and rest.endswith('/json'):
                return self.answer({'Id': 'sha256:0', 'RepoTags': [rest[:-5]], 'Os': 'linux', 'Architecture': 'amd64', 'Config': {}})
            if kind == 'images': return self.answer([])
            if self.command == 'DELETE':
                name = rest.split('?')[0]
                for kept in (containers, networks, volumes):
                    for key, one in list(kept.items()):
                        if name in (key, one.get('name'), one.get('Name')): kept.pop(key, None)
                return self.answer(status=204)
            if rest == 'create' and kind in ('containers', 'networks', 'volumes'):
                name = query.get('name') or body.get('Name') or 'nameless'
                id = hashlib.sha256((kind + name).encode()).hexdigest()
                one = {'id': id, 'name': name, 'body': body}
                record(kind=kind[:-1], id=id, name=name, platform=query.get('platform', ''), body=body)
                if kind == 'containers':
                    containers[id] = one
                    return self.answer({'Id': id, 'Warnings': []}, 201)
                if kind == 'networks':
                    networks[id] = dict(body, Id=id)
                    return self.answer({'Id': id, 'Warning': ''}, 201)
                volumes[name] = dict({'Driver': 'local', 'Mountpoint': '', 'Scope': 'local'}, **body)
                return self.answer(volumes[name], 201)
            if kind == 'networks' and rest.endswith('/connect'):
                record(kind='connect', name=rest[:-8], body=body)
                return self.answer(status=200, text='')
            if path == '/containers/json':
                return self.answer([listed(one) for one in matching(containers.values(), lambda one: one['body'].get('Labels'), query)])
            if path == '/networks': return self.answer(matching(networks.values(), lambda one: one.get('Labels'), query))
            if path == '/volumes':
                return self.answer({'Volumes': matching(volumes.values(), lambda one: one.get('Labels'), query), 'Warnings': []})
            if kind == 'containers' and len(parts) == 3:
                one = next((o for o in list(containers.values()) if parts[1] in (o['id'], o['name'])), None)
                if one is None: return self.answer({'message': 'No such container: ' + parts[1]}, 404)
                if parts[2] == 'json': return self.answer(inspected(one))
                if parts[2] in ('attach', 'wait', 'logs'): return self.hang()
                if parts[2] == 'archive' and self.command == 'HEAD': return self.answer({'message': 'no such path'}, 404)
                return self.answer(status=204)
            for kept in (networks, volumes):
                for one in list(kept.values()):
                    if rest in (one.get('Id'), one.get('Name')): return self.answer(one)
            self.answer({'message': 'not found: ' + path}, 404)
        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = serve
    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        request_queue_size = 256
        def handle_error(self, request, address): pass
        def get_request(self):
            request, _ = super().get_request()
            return request, ('local', 0)
    server = Server(sys.argv[1], Engine)
    print('ready', flush=True)
    server.serve_forever()
    """#
}

extension CreatedObjects {
  /// Nothing.
  init() {}
}
