#!/usr/bin/env python3
"""Measures pod-reaper beside the docker command, on one engine, in turns; lines and limits as in bench.py.

Pods are made by hand with the labels of a process that is dead (or, for a pass with nothing to do, alive).
Needs in the environment: REAPER (release build), and what bench.py needs.
"""

import concurrent.futures
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from bench import DEADLINE, PAIRS, POD, SOCKET, WARM_UPS, Pod, check, failed, figure, note
from bench import processor_seconds

REAPER = os.environ["REAPER"]
LABEL = "mesos.container_id"
ROOT = "compose-pods-bench"
IDLE_SECONDS = float(os.environ.get("BENCH_IDLE", "60"))
# A round makes and removes sixty running containers twice: five tell enough.
ROUNDS = min(PAIRS, 5)


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

    def left(self, kinds):
        query = urllib.parse.quote(json.dumps({"label": [LABEL]}))
        paths = {"containers": "/containers/json?all=1&filters=", "networks": "/networks?filters=",
                 "volumes": "/volumes?filters="}
        count = 0
        for kind in kinds:
            found = self.call("GET", paths[kind] + query)
            count += len((found.get("Volumes") or []) if kind == "volumes" else found)
        return count


def incarnation(alive):
    """Pid and start time of this process, or of one that has ended."""
    if not alive:
        child = subprocess.Popen(["true"])
        child.wait()
        return child.pid, 1
    with open("/proc/self/stat") as file:
        return os.getpid(), int(file.read().rsplit(")", 1)[1].split()[19])


def labels(run, alive=False):
    pid, start = incarnation(alive)
    with open("/proc/sys/kernel/random/boot_id") as file:
        boot = file.read().strip()
    return {
        LABEL: run, "mesos.framework_id": "", "mesos.executor_id": run, "mesos.task_id": run,
        "mesos.agent_id": "", "mesos.executor.pid": str(pid),
        "mesos.executor.start_time": str(start), "mesos.host.boot_id": boot,
        "mesos.host.machine_id": "", "mesos.cgroup_parent": f"/{ROOT}/{run}",
    }


def make_pod(number, containers, whole=True, start=True, alive=False):
    engine = Engine()
    run = f"bench-{number}"
    marks = labels(run, alive)
    host = {"CgroupParent": marks["mesos.cgroup_parent"], "NetworkMode": "none"}
    if whole:
        engine.call("POST", "/networks/create", {"Name": f"{run}_n", "Labels": marks})
        engine.call("POST", "/volumes/create", {"Name": f"{run}_v", "Labels": marks})
        host |= {"NetworkMode": f"{run}_n", "Binds": [f"{run}_v:/vol"]}
    for index in range(containers):
        made = engine.call("POST", f"/containers/create?name={run}_{index}", {
            "Image": "founding/base", "Labels": marks, "HostConfig": host})
        if start:
            engine.call("POST", f"/containers/{made['Id']}/start")
    engine.close()


def make_pods(pods, containers, **how):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: make_pod(number, containers, **how), range(pods)))


def arguments(folder):
    return ["--run-dir", f"{folder}/run", "--state-dir", f"{folder}/state", "--cgroup-roots", ROOT,
            "--grace", "0s", "--stop-timeout", "0s"]


def until_gone(command, kinds, codes=(0,)):
    """Seconds from the start of a command until the engine has nothing labelled any more."""
    engine = Engine()
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while engine.left(kinds):
        time.sleep(0.005)
    elapsed = time.perf_counter() - begin
    check(process, command[0], codes)
    return elapsed


RM = f"docker ps -aq --filter label={LABEL} | xargs -r docker rm -f"
RM_ALL = (f"{RM} && docker network ls -q --filter label={LABEL} | xargs -r docker network rm"
          f" && docker volume ls -q --filter label={LABEL} | xargs -r docker volume rm")


def turns(contenders, prepare, count=ROUNDS, warm_ups=1):
    results = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(-warm_ups, count):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            prepare()
            result = contenders[name]()
            if number >= 0:
                results[name].append(result)
        note(f"  round {number + 1} of {count}" if number >= 0 else "  warm-up")
    return {name: statistics.median(values) for name, values in results.items()}


def leaked(folder):
    once = [REAPER, "--once", *arguments(folder)]
    kinds = ("containers", "networks", "volumes")
    times = turns({"ours": lambda: until_gone(once, kinds),
                   "docker": lambda: until_gone(["sh", "-c", RM_ALL], kinds)},
                  lambda: make_pods(20, 3))
    figure("60 leaked containers in 20 pods with networks and volumes", "s", times["ours"], 1.0,
           times["docker"], "docker rm -f, network rm, volume rm", count=ROUNDS)
    times = turns({"ours": lambda: until_gone(once, ("containers",)),
                   "docker": lambda: until_gone(["sh", "-c", RM], ("containers",))},
                  lambda: make_pods(20, 3, whole=False))
    figure("60 leaked containers alone", "s", times["ours"], 1.1, times["docker"],
           "docker ps -aq | xargs docker rm -f", count=ROUNDS)


def start_daemon(folder, *options):
    daemon = subprocess.Popen([REAPER, *arguments(folder), *options],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    # It has said that it watches once the first pass is asked for.
    if b"watching" not in daemon.stderr.readline():
        sys.exit("bench: pod-reaper did not start")
    return daemon


def end_daemon(daemon):
    daemon.send_signal(signal.SIGTERM)
    daemon.stderr.close()
    check(daemon, "pod-reaper")


def killed(folder):
    """From SIGKILL of an executor until its three containers are gone; the peer removes the same."""
    engine = Engine()

    def gone(pod, command=None):
        begin = time.perf_counter()
        pod.process.kill()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL) if command else None
        while engine.left(("containers",)):
            time.sleep(0.002)
        elapsed = time.perf_counter() - begin
        pod.process.wait()
        pod.process.stdout.close()
        if process:
            check(process, "docker")
        return elapsed

    def pod():
        return Pod(POD, "--task-id", "bench", "--ports", "31500")

    def ours():
        daemon = start_daemon(folder)
        elapsed = gone(pod())
        end_daemon(daemon)
        return elapsed

    times = turns({"ours": ours, "docker": lambda: gone(pod(), ["sh", "-c", RM])},
                  lambda: subprocess.run(["sh", "-c", RM_ALL], check=True, stdout=subprocess.DEVNULL))
    subprocess.run(["sh", "-c", RM_ALL], check=True, stdout=subprocess.DEVNULL)
    figure("from SIGKILL to three containers gone", "s", times["ours"], 1.0, times["docker"] + 0.1,
           "docker rm -f of the same, plus 0.1 s", count=ROUNDS)


def folders(make):
    for line in open("/proc/self/mountinfo"):
        fields = line.split()
        if fields[fields.index("-") + 1] not in ("cgroup", "cgroup2") or fields[3] != "/":
            continue
        root = f"{fields[4]}/{ROOT}"
        for number in range(300):
            if make:
                os.makedirs(f"{root}/idle-{number}", exist_ok=True)
            elif os.path.isdir(f"{root}/idle-{number}"):
                os.rmdir(f"{root}/idle-{number}")
        if not make:
            for name in os.listdir(root):
                if os.path.isdir(f"{root}/{name}"):
                    os.rmdir(f"{root}/{name}")
            os.rmdir(root)


def run_time(command):
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


def nothing_to_do(folder):
    make_pods(100, 3, whole=False, start=False, alive=True)
    folders(True)
    try:
        times = turns(
            {"ours": lambda: run_time([REAPER, "--once", *arguments(folder)]),
             "docker": lambda: run_time(["docker", "ps", "-a", "--filter", f"label={LABEL}"])},
            lambda: None, count=PAIRS, warm_ups=WARM_UPS)
    finally:
        folders(False)
    figure("a pass with nothing to do, 300 containers, 3,000 cgroups", "s", times["ours"], 2.0,
           times["docker"], "docker ps -a --filter label=…")


def idle(folder):
    subprocess.run(["sh", "-c", RM], check=True, stdout=subprocess.DEVNULL)
    for containers, limit in ((0, 25), (100, 35)):
        if containers:
            make_pods(34, 3, whole=False, start=False, alive=True)
        daemon = start_daemon(folder)
        time.sleep(3)  # what the start left to do is not part of idling
        before, begin = processor_seconds(daemon.pid), time.monotonic()
        time.sleep(IDLE_SECONDS)
        used = (processor_seconds(daemon.pid) - before) / (time.monotonic() - begin) * 60
        with open(f"/proc/{daemon.pid}/status") as file:
            resident = next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) / 1024
        end_daemon(daemon)
        figure(f"resident memory of an idle reaper, {containers} containers", "MiB", resident, limit,
               count=1)
        figure(f"processor time of an idle reaper, {containers} containers", "s/min", used, 0.06,
               count=1)


def growth(folder):
    """Time and memory of a removal at 100, 200 and 400 containers: no faster than the count."""
    subprocess.run(["sh", "-c", RM], check=True, stdout=subprocess.DEVNULL)
    seconds, memory = {}, {}
    usage = f"{folder}/usage"
    measured = ["/usr/bin/python3", "-c",
                "import resource, subprocess, sys\n"
                "code = subprocess.call(sys.argv[2:], stdout=subprocess.DEVNULL)\n"
                "most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss\n"
                "open(sys.argv[1], 'w').write(str(most))\n"
                "sys.exit(code)", usage, REAPER, "--once", *arguments(folder)]
    for _ in range(3):
        for count in (100, 200, 400):
            make_pods(count // 4, 4, whole=False, start=False)
            seconds.setdefault(count, []).append(until_gone(measured, ("containers",)))
            with open(usage) as file:
                memory.setdefault(count, []).append(int(file.read()) / 1024)
    for count in (200, 400):
        limit = count / 100
        figure(f"removing {count} containers, beside 100", "s", statistics.median(seconds[count]),
               limit, statistics.median(seconds[100]), "the same with 100", count=3)
        figure(f"memory while removing {count} containers, beside 100", "MiB",
               statistics.median(memory[count]), limit, statistics.median(memory[100]),
               "the same with 100", count=3)


PARTS = {"leaked": leaked, "killed": killed, "nothing": nothing_to_do, "reaper-idle": idle,
         "growth": growth}
with tempfile.TemporaryDirectory() as work:
    for part in sys.argv[1:] or PARTS:
        note(part)
        PARTS[part](work)
if failed:
    sys.exit("bench: limits missed: " + "; ".join(failed))
