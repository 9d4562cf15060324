#!/usr/bin/env python3
"""Simulates a Docker Engine with many pods, for thousand.py: thousand_engine.py SOCKET, with JSON on standard input.

The input is {"root": cgroup root, "bootID": …, "executors": [[pid, start time], …]}, one executor for each pod. A pod has
three containers, a network and a volume with all labels of the contract. The delays are those of dockerd: a list of 3,000
containers takes 0.25 s, and the engine works on eight removals at once. `/bench` returns the previous requests.
"""

import json
import re
import socketserver
import sys
import threading
import time
import urllib.parse
import uuid

CONTAINERS = 3
IMAGES = 60
# In seconds.
LIST_EACH, INSPECT, REMOVE, REMOVE_NETWORK = 0.25 / 3000, 0.002, 0.02, 0.01
working = threading.Semaphore(8)
state = threading.Lock()


def identifier(*words):
    return uuid.uuid5(uuid.NAMESPACE_OID, " ".join(words)).hex * 2


def labels_of(number, pid, start, root, boot):
    run = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"pod-{number}"))
    executor = f"service-{number}.{run}"
    return run, {
        "mesos.framework_id": "20261129-000000-16842879-5050-1-0000", "mesos.executor_id": executor,
        "mesos.task_id": executor, "mesos.container_id": run,
        "mesos.agent_id": "b1f7a7a0-2b5f-4b43-9d36-6d0f2a2f6f11-S17", "mesos.executor.pid": str(pid),
        "mesos.executor.start_time": str(start), "mesos.host.boot_id": boot, "mesos.host.machine_id": "0" * 32,
        "mesos.cgroup_parent": f"/{root}/{run}", "mesos.executor_cgroup": "", "mesos.remove_images": "",
        "mesos.keep_failed": "", "taskId": executor, "executorId": executor,
        "com.docker.compose.project": f"service-{number}-{run}",
    }


def container(run, labels, index, network, volume):
    name = f"{labels['mesos.task_id']}_web{index}"
    image = identifier("image", str(int(run[:8], 16) % IMAGES))
    own = labels | {
        "com.docker.compose.service": f"web{index}", "com.docker.compose.container-number": "1",
        "com.docker.compose.oneoff": "False", "com.docker.compose.config-hash": identifier("hash", name),
        "org.opencontainers.image.source": "https://git.example.org/team/service",
        "org.opencontainers.image.revision": identifier("revision", run)[:40]}
    return {
        "Id": identifier("container", name), "Names": ["/" + name], "Image": f"registry.example.org/team/web:{run[:8]}",
        "ImageID": "sha256:" + image, "Command": "/usr/bin/web --listen 0.0.0.0:8080 --config /etc/web/web.yaml",
        "Created": 1760000000, "Labels": own, "State": "running", "Status": "Up 3 days (healthy)",
        "Ports": [{"IP": address, "PrivatePort": port, "PublicPort": 31000 + index, "Type": "tcp"}
                  for address in ("0.0.0.0", "::") for port in (8080, 8443)],
        "HostConfig": {"NetworkMode": network},
        "NetworkSettings": {"Networks": {network: {
            "IPAMConfig": None, "Links": None, "Aliases": None, "MacAddress": "02:42:ac:14:00:02", "DriverOpts": None,
            "NetworkID": identifier("network", run), "EndpointID": identifier("endpoint", name),
            "Gateway": "172.20.0.1", "IPAddress": "172.20.0.2", "IPPrefixLen": 16, "IPv6Gateway": "",
            "GlobalIPv6Address": "", "GlobalIPv6PrefixLen": 0, "DNSNames": None}}},
        "Mounts": [{"Type": "volume", "Name": volume, "Source": f"/var/lib/docker/volumes/{volume}/_data",
                    "Destination": "/data", "Driver": "local", "Mode": "rw", "RW": True, "Propagation": ""}],
    }


class Host:
    """All objects: by kind and ID their run and their JSON text."""

    def __init__(self, given):
        self.objects = {"containers": {}, "networks": {}, "volumes": {}}
        self.details = {}
        self.count = {}
        for number, (pid, start) in enumerate(given["executors"]):
            run, labels = labels_of(number, pid, start, given["root"], given["bootID"])
            project = labels["com.docker.compose.project"]
            network, volume = f"{project}_default", f"{project}_data"
            self.add("networks", identifier("network", run), run, {
                "Name": network, "Id": identifier("network", run), "Created": "2026-11-29T00:00:00Z", "Scope": "local",
                "Driver": "bridge", "EnableIPv6": False, "Internal": False, "Attachable": False, "Ingress": False,
                "IPAM": {"Driver": "default", "Options": None,
                         "Config": [{"Subnet": "172.20.0.0/16", "Gateway": "172.20.0.1"}]},
                "ConfigFrom": {"Network": ""}, "ConfigOnly": False, "Containers": {}, "Options": {},
                "Labels": labels | {"com.docker.compose.network": "default"}})
            self.add("volumes", volume, run, {
                "CreatedAt": "2026-11-29T00:00:00Z", "Driver": "local", "Name": volume, "Options": None,
                "Labels": labels | {"com.docker.compose.volume": "data"}, "Scope": "local",
                "Mountpoint": f"/var/lib/docker/volumes/{volume}/_data"})
            for index in range(CONTAINERS):
                one = container(run, labels, index, network, volume)
                self.add("containers", one["Id"], run, one)

    def add(self, kind, name, run, value):
        self.objects[kind][name] = (run, json.dumps(value).encode())

    def listed(self, kind, query):
        wanted = json.loads(query.get("filters", ["{}"])[0]).get("label", [])
        if isinstance(wanted, dict):
            wanted = list(wanted)
        runs = {word.split("=", 1)[1] for word in wanted if word.startswith("mesos.container_id=")}
        with state:
            found = [text for run, text in self.objects[kind].values() if not runs or run in runs]
        if kind == "containers":
            time.sleep(LIST_EACH * len(found))
        text = b"[" + b",".join(found) + b"]"
        return b'{"Volumes":' + text + b',"Warnings":null}' if kind == "volumes" else text

    def remove(self, kind, name):
        # Networks are removed one at a time, because libnetwork has a lock.
        with working:
            time.sleep(REMOVE if kind == "containers" else REMOVE_NETWORK)
        with state:
            return self.objects[kind].pop(name, None) is not None

    def answer(self, method, path, query):
        """Status and body."""
        with state:
            key = f"{method} " + re.sub(r"/[^/]{20,}", "/ID", path)
            self.count[key] = self.count.get(key, 0) + 1
        parts = path.strip("/").split("/")
        missing = 404, b'{"message":"No such object"}'
        if path == "/_ping":
            return 200, b"OK"
        if path == "/version":
            return 200, b'{"Version":"26.1.5","ApiVersion":"1.45","MinAPIVersion":"1.24","Os":"linux","Arch":"amd64"}'
        if path == "/info":
            return 200, json.dumps({
                "ID": "d9b0d1a4-1000-4000-8000-000000000000", "ServerVersion": "26.1.5", "CgroupVersion": "1",
                "CgroupDriver": "cgroupfs", "OSType": "linux", "Architecture": "x86_64", "Driver": "overlay2",
                "DockerRootDir": "/var/lib/thousand", "NCPU": 2, "MemTotal": 1 << 33}).encode()
        if path == "/bench":
            with state:
                return 200, json.dumps({
                    "calls": self.count, "left": {kind: len(them) for kind, them in self.objects.items()}}).encode()
        if path == "/containers/json":
            return 200, self.listed("containers", query)
        if path in ("/networks", "/volumes"):
            return 200, self.listed(parts[0], query)
        if path == "/images/json":
            return 200, b"[]"
        if parts[0] == "images" and parts[-1] == "json":
            time.sleep(INSPECT)
            return 200, json.dumps({"Id": urllib.parse.unquote(parts[1]), "RepoTags": [], "Config": {
                "Labels": {"org.opencontainers.image.source": "https://git.example.org/team/service"}}}).encode()
        if parts[0] in self.objects:
            kind, name = parts[0], urllib.parse.unquote(parts[1])
            if method == "DELETE":
                return (204, b"") if self.remove(kind, name) else missing
            with state:
                found = self.objects[kind].get(name)
            if found is None:
                return missing
            time.sleep(INSPECT)
            if method == "POST":
                return 204, b""
            if kind != "containers":
                return 200, found[1]
            value = json.loads(found[1])
            return 200, json.dumps({
                "Id": name, "Name": value["Names"][0], "Image": value["ImageID"], "Created": "2026-11-29T00:00:00Z",
                "State": {"Status": "running", "Running": True, "Pid": 1}, "Config": {"Labels": value["Labels"]},
                "HostConfig": {"CgroupParent": value["Labels"]["mesos.cgroup_parent"]}}).encode()
        return missing


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            head = self.rfile.readline().decode().split()
            if len(head) < 2:
                return
            length = 0
            while (line := self.rfile.readline().strip()):
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            url = urllib.parse.urlsplit(head[1])
            path = re.sub(r"^/v[0-9.]+(?=/)", "", url.path)
            if path == "/events":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                 b"Transfer-Encoding: chunked\r\n\r\n")
                self.rfile.readline()
                return
            status, body = self.server.host.answer(head[0], path, urllib.parse.parse_qs(url.query))
            lines = f"HTTP/1.1 {status} Stand-in\r\nApi-Version: 1.45\r\nContent-Type: application/json\r\n"
            if status == 204:
                self.wfile.write(f"{lines}\r\n".encode())
            else:
                self.wfile.write(f"{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body)


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (BrokenPipeError, ConnectionResetError)):
            super().handle_error(request, client_address)


if __name__ == "__main__":
    with Server(sys.argv[1], Handler) as server:
        server.host = Host(json.load(sys.stdin))
        print("ready", flush=True)
        server.serve_forever()
