#!/usr/bin/env python3
"""Measures pod-reaper on a host with 1,000 pods of three containers, and its idle cost with 50. thousand_engine.py simulates
the engine with dockerd's delays; executors are real processes, and cgroups real directories.

One JSON line per figure on standard output, as bench.py writes them. Needs root, no engine, and in the environment: REAPER (a
release build). BENCH_PAIRS (20; at most five are run) and BENCH_IDLE (60 seconds) shorten it.
Exit: 0 if every figure is within its limit.
"""

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

HERE = os.path.dirname(os.path.abspath(__file__))
REAPER = os.environ["REAPER"]
ROUNDS = min(int(os.environ.get("BENCH_PAIRS", "20")), 5)
IDLE_SECONDS = float(os.environ.get("BENCH_IDLE", "60"))
ROOT = f"compose-pods-thousand-{os.getpid()}"
DEADLINE = 120.0
failed = []


def note(text):
    print(text, file=sys.stderr, flush=True)


def figure(name, unit, ours, limit, count, peer=None, peer_name=None):
    ratio = None if peer is None else ours / peer
    kept = ours if ratio is None else ratio
    if kept > limit:
        failed.append(name)
    print(json.dumps({
        "name": name, "unit": unit, "ours": round(ours, 4), "peer": None if peer is None else round(peer, 4),
        "peerName": peer_name, "ratio": None if ratio is None else round(ratio, 3), "limit": limit, "n": count,
    }), flush=True)
    note(f"  {'kept' if kept <= limit else 'MISSED'}: {name}, {kept:.3f} of {limit}")


def hierarchies():
    found = []
    for line in open("/proc/self/mountinfo"):
        fields = line.split()
        dash = fields.index("-")
        if fields[dash + 1] in ("cgroup", "cgroup2") and fields[3] == "/":
            found.append(fields[4])
    return found


class Host:
    """An engine with pods, an executor for each, and the pods' cgroups."""

    def __init__(self, pods, directory):
        self.directory, self.socket = directory, f"{directory}/docker.sock"
        self.executors = [subprocess.Popen(["sleep", "infinity"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
                          for _ in range(pods)]
        with open("/proc/sys/kernel/random/boot_id") as file:
            given = {"root": ROOT, "bootID": file.read().strip(),
                     "executors": [[one.pid, start_time(one.pid)] for one in self.executors]}
        self.engine = subprocess.Popen([sys.executable, f"{HERE}/thousand_engine.py", self.socket],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.engine.stdin.write(json.dumps(given).encode())
        self.engine.stdin.close()
        self.engine.stdout.readline()
        runs = [network["Labels"]["mesos.container_id"] for network in self.get("/networks")]
        self.cgroups = [f"{mount}/{ROOT}/{run}" for mount in hierarchies() for run in runs]
        for path in self.cgroups:
            os.makedirs(path, exist_ok=True)

    def get(self, path):
        connection = http.client.HTTPConnection("localhost", timeout=DEADLINE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(self.socket)
        connection.request("GET", path)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        return answer

    def left(self):
        return self.get("/bench")["left"]["containers"]

    def command(self, *words):
        return [REAPER, *words, "--run-dir", f"{self.directory}/run", "--state-dir", f"{self.directory}/state",
                "--cgroup-roots", ROOT, "--grace", "0s", "--stop-timeout", "0s"]

    def environment(self, **more):
        return os.environ | {"DOCKER_HOST": f"unix://{self.socket}"} | more

    def kill(self, count):
        """Kills the executors of this number of pods at once."""
        dead, self.executors = self.executors[:count], self.executors[count:]
        for one in dead:
            one.kill()
        for one in dead:
            one.wait()

    def end(self):
        self.kill(len(self.executors))
        self.engine.kill()
        self.engine.wait()
        self.engine.stdout.close()
        for path in self.cgroups:
            if os.path.isdir(path):
                os.rmdir(path)
        for mount in hierarchies():
            if os.path.isdir(f"{mount}/{ROOT}"):
                os.rmdir(f"{mount}/{ROOT}")


def start_time(pid):
    with open(f"/proc/{pid}/stat") as file:
        return int(file.read().rsplit(")", 1)[1].split()[19])


def memory(pid, field):
    """In MiB."""
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":")) / 1024


def processor_seconds(pid):
    """By the process's own clock, as in bench.py."""
    return time.clock_gettime((~pid << 3) | 2)


def once(host, *words):
    """Seconds, processor seconds and maximum MiB of a `--once`."""
    begin = time.perf_counter()
    process = subprocess.Popen(host.command("--once", *words), env=host.environment(),
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    elapsed = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"bench: pod-reaper exited with {process.returncode}")
    return elapsed, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


class Daemon:
    """A service whose first pass is complete, as it reports to systemd."""

    def __init__(self, host, *words):
        path = f"{host.directory}/systemd.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(path)
            systemd.settimeout(DEADLINE)
            self.process = subprocess.Popen(host.command(*words), env=host.environment(NOTIFY_SOCKET=path),
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while systemd.recv(4096) != b"READY=1":
                pass
        os.unlink(path)
        self.pid = self.process.pid

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=DEADLINE)


def passes(host):
    """A pass without work, including the start of the program."""
    results = [once(host) for _ in range(ROUNDS + 1)][1:]
    seconds, processor, peak = (statistics.median(column) for column in zip(*results))
    figure("a pass over 1,000 pods of 3,000 containers", "s", seconds, 1.0, ROUNDS)
    figure("processor time of a pass over 1,000 pods", "s", processor, 0.6, ROUNDS)
    figure("peak memory of a pass over 1,000 pods", "MiB", peak, 60, ROUNDS)


def deaths(host):
    """200 of 1,000 executors die at once under the service: the time until their 600 containers are removed."""
    daemon = Daemon(host)
    before = processor_seconds(daemon.pid)
    left = host.left() - 600
    begin = time.perf_counter()
    host.kill(200)
    while host.left() > left:
        if time.perf_counter() - begin > DEADLINE:
            sys.exit("bench: the pods of dead executors are not removed")
        time.sleep(0.02)
    elapsed = time.perf_counter() - begin
    used, peak = processor_seconds(daemon.pid) - before, memory(daemon.pid, "VmHWM")
    daemon.end()
    # Eight at once, 20 ms each: see thousand_engine.py.
    figure("600 containers of 200 of 1,000 pods, from SIGKILL to gone", "s", elapsed, 2.0, 1, 600 * 0.02 / 8,
           "the stand-in engine's own time")
    figure("processor time for 200 of 1,000 pods", "s", used, 3.0, 1)
    figure("peak memory for 200 of 1,000 pods", "MiB", peak, 60, 1)
    if host.left() != left:
        sys.exit(f"bench: {host.left()} of {left} containers remain")


def idle(directory):
    host = Host(50, directory)
    try:
        daemon = Daemon(host, "--interval", "5s")
        time.sleep(6)  # work that the start left is not part of idling
        before, begin = processor_seconds(daemon.pid), time.monotonic()
        time.sleep(IDLE_SECONDS)
        used = (processor_seconds(daemon.pid) - before) / (time.monotonic() - begin) * 60
        resident = memory(daemon.pid, "VmRSS")
        daemon.end()
    finally:
        host.end()
    figure("processor time of a reaper with 50 pods, a pass each 5 s", "s/min", used, 0.5, 1)
    figure("resident memory of a reaper with 50 pods", "MiB", resident, 30, 1)


def main():
    with tempfile.TemporaryDirectory() as directory:
        host = Host(1000, directory)
        try:
            passes(host)
            deaths(host)
        finally:
            host.end()
    with tempfile.TemporaryDirectory() as directory:
        idle(directory)
    if failed:
        sys.exit("bench: limits missed: " + "; ".join(failed))


main()
