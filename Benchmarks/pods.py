"""Common parts of the measurements of pod-reaper: the engine's API, pods made by hand, executors, daemons."""

import atexit
import concurrent.futures
import http.client
import ipaddress
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from bench import DEADLINE, EXECUTOR, POD, SOCKET, check

REAPER = os.environ["REAPER"]
LABEL = "mesos.container_id"
ROOT = "compose-pods-bench"
# The cgroup root of the executor's runs. No agent has to release these cgroups first.
OWN_ROOT = "compose-pods"


class Engine(http.client.HTTPConnection):
    """The engine's API."""

    def __init__(self):
        super().__init__("localhost", timeout=DEADLINE)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(SOCKET)

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = self.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"bench: {method} {path}: {text.decode()}")
        return json.loads(text) if text else None

    def names(self):
        """Of all pods' containers."""
        query = urllib.parse.quote(json.dumps({"label": [LABEL]}))
        return [found["Names"][0] for found in self.call("GET", "/containers/json?all=1&filters=" + query)]

    def subnets(self, count):
        """Small subnets from the engine's own pool, which by default has fewer and larger ones."""
        pool = ipaddress.ip_network(self.call("GET", "/info")["DefaultAddressPools"][0]["Base"])
        return [str(subnet) for subnet in itertools.islice(pool.subnets(new_prefix=28), count)]

    def left(self, kinds):
        query = urllib.parse.quote(json.dumps({"label": [LABEL]}))
        paths = {"containers": "/containers/json?all=1&filters=", "networks": "/networks?filters=",
                 "volumes": "/volumes?filters="}
        count = 0
        for kind in kinds:
            found = self.call("GET", paths[kind] + query)
            count += len((found.get("Volumes") or []) if kind == "volumes" else found)
        return count


class Destroyed:
    """The engine's events about removals: the cost of repeated queries would grow with the number of objects."""

    def __enter__(self):
        self.engine = Engine()
        filters = {"type": ["container", "network"], "event": ["destroy"]}
        self.engine.request("GET", "/events?filters=" + urllib.parse.quote(json.dumps(filters)))
        self.stream = self.engine.getresponse()
        self.counts = {"container": 0, "network": 0}
        self.moments = {}
        return self

    def wait(self, counts):
        """When the last of as many removals of each kind happened."""
        while any(self.counts[kind] < count for kind, count in counts.items()):
            kind = json.loads(self.stream.readline())["Type"]
            self.counts[kind] += 1
            self.moments[kind] = time.perf_counter()
        return self.moments

    def __exit__(self, *_):
        self.engine.close()


def incarnation(owner):
    """Pid and start time of a process; without an argument those of an exited process."""
    if not owner:
        child = subprocess.Popen(["true"])
        child.wait()
        return child.pid, 1
    with open(f"/proc/{owner}/stat") as file:
        return owner, int(file.read().rsplit(")", 1)[1].split()[19])


def labels(run, owner=None, root=ROOT):
    pid, start = incarnation(owner)
    with open("/proc/sys/kernel/random/boot_id") as file:
        boot = file.read().strip()
    return {
        LABEL: run, "mesos.framework_id": "", "mesos.executor_id": run, "mesos.task_id": run,
        "mesos.agent_id": "", "mesos.executor.pid": str(pid),
        "mesos.executor.start_time": str(start), "mesos.host.boot_id": boot,
        "mesos.host.machine_id": "", "mesos.cgroup_parent": f"/{root}/{run}",
    }


def make_pod(number, containers, whole=True, start=True, alive=False, owner=None, volume=True, subnet=None,
             run=None, root=ROOT):
    """`whole`: with a network, and with `volume` a volume. Its executor is the process `owner`, with `alive` this one; else an
    exited one.
    """
    engine = Engine()
    run = run or f"bench-{number}"
    marks = labels(run, os.getpid() if alive else owner, root)
    host = {"CgroupParent": marks["mesos.cgroup_parent"], "NetworkMode": "none"}
    if whole:
        network = {"Name": f"{run}_n", "Labels": marks}
        if subnet:
            network["IPAM"] = {"Config": [{"Subnet": subnet}]}
        engine.call("POST", "/networks/create", network)
        host["NetworkMode"] = f"{run}_n"
    if whole and volume:
        engine.call("POST", "/volumes/create", {"Name": f"{run}_v", "Labels": marks})
        host["Binds"] = [f"{run}_v:/vol"]
    for index in range(containers):
        made = engine.call("POST", f"/containers/create?name={run}_{index}", {
            "Image": "founding/base", "Labels": marks, "HostConfig": host})
        if start:
            engine.call("POST", f"/containers/{made['Id']}/start")
    engine.close()


def make_pods(pods, containers, **how):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: make_pod(number, containers, **how), range(pods)))


RM = f"docker ps -aq --filter label={LABEL} | xargs -r docker rm -f"
RM_ALL = (f"{RM} && docker network ls -q --filter label={LABEL} | xargs -r docker network rm"
          f" && docker volume ls -q --filter label={LABEL} | xargs -r docker volume rm")


def remove_all():
    subprocess.run(["sh", "-c", RM_ALL], check=True, stdout=subprocess.DEVNULL)


def cgroups(runs, root):
    """The directories of these runs' cgroups, in every hierarchy."""
    return [path for mounted in hierarchies() for run in runs if os.path.isdir(path := f"{mounted}/{root}/{run}")]


def arguments(directory, grace="0s"):
    return ["--run-dir", f"{directory}/run", "--state-dir", f"{directory}/state", "--cgroup-roots", ROOT,
            "--grace", grace, "--stop-timeout", "0s"]


def start_daemon(directory, grace="0s", *options):
    """A daemon whose first pass is complete, as it reports to systemd."""
    path = f"{directory}/systemd.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(path)
        systemd.settimeout(DEADLINE)
        daemon = subprocess.Popen([REAPER, *arguments(directory, grace), *options], env=os.environ | {"NOTIFY_SOCKET": path},
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        atexit.register(daemon.kill)
        while systemd.recv(4096) != b"READY=1":
            pass
    os.unlink(path)
    return daemon


def end_daemon(daemon):
    daemon.send_signal(signal.SIGTERM)
    check(daemon, "pod-reaper")


class Executor:
    """An executor of the pod of three, set up for one way to detect its death. It is running when this returns."""

    def __init__(self, run, directory=None, separate=False, port=31500):
        environment = dict(os.environ)
        # Without a directory there is no lease.
        environment["COMPOSE_EXECUTOR_LEASE_SOCKET"] = f"{directory or '/nowhere'}/run/lease.sock"
        self.cgroups = []
        command = [EXECUTOR, "run", "-f", POD, "--task-id", "bench", "--run-id", run, "--ports", str(port)]
        if separate:
            # It doesn't know its pid on the host, and runs below a cgroup like that of Mesos' launcher.
            command = ["unshare", "--pid", "--mount-proc", "--fork", "--kill-child", *command]
            self.cgroups = [f"{root}/{ROOT}-mesos/{run}" for root in hierarchies("freezer", "memory", "cpu")]
            for cgroup in self.cgroups:
                os.makedirs(cgroup, exist_ok=True)
            moves = "".join(f"echo $$ >{cgroup}/cgroup.procs; " for cgroup in self.cgroups)
            command = ["sh", "-ec", moves + 'exec "$@"', "sh", *command]
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        while b"TASK_RUNNING" not in (line := self.process.stdout.readline()):
            if not line:
                sys.exit("bench: the pod does not run")

    def kill(self):
        self.process.kill()

    def stop(self):
        self.process.terminate()
        self.end()

    def end(self):
        self.process.wait()
        self.process.stdout.close()
        for cgroup in self.cgroups:
            # Its cgroups of Docker in other hierarchies belong to the agent, which is missing.
            run = cgroup.rsplit("/", 1)[1]
            for root in hierarchies():
                for path in (f"{root}/{ROOT}-mesos/{run}", f"{root}/{ROOT}-mesos"):
                    if os.path.isdir(path):
                        os.rmdir(path)


def hierarchies(*controllers):
    """Mount points of the cgroup hierarchies of these controllers, each once; without arguments those of all."""
    found = []
    for line in open("/proc/self/mountinfo"):
        fields = line.split()
        dash = fields.index("-")
        if fields[dash + 1] not in ("cgroup", "cgroup2") or fields[3] != "/":
            continue
        if not controllers or set(controllers) & set(fields[dash + 3].split(",")):
            found.append(fields[4])
    return found
