#!/usr/bin/env python3
"""Measures the cost of many pods on one engine: fifty idle executors with a pod-reaper, and the removal of the pods of
fifty and two hundred executors that are killed at once, against `docker rm -f` of the same containers.

It needs the same environment as reaper.py. BENCH_IDLE is the length of the idle watch in seconds (60); BENCH_MASS has the
numbers as PODS:CONTAINERS (50:150,200:500). Medians of at most 9 rounds (BENCH_PAIRS).
"""

import concurrent.futures
import ctypes
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

from bench import DEADLINE, IDLE_SECONDS, check, processor_seconds, resident
from figures import PAIRS, figure, finish, note, turns
from pods import OWN_ROOT, Destroyed, Engine, Executor, cgroups, end_daemon, make_pod, remove_all, start_daemon

EXECUTORS = 50
ROUNDS = min(PAIRS, 9)
MASSES = [tuple(map(int, mass.split(":"))) for mass in os.environ.get("BENCH_MASS", "50:150,200:500").split(",")]


def idle(directory):
    """Each executor is a process with the pod of three; then pod-reaper, with a pass every five seconds."""
    numbers = range(EXECUTORS)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        executors = list(pool.map(
            lambda number: Executor(f"bench-{number}", directory, port=31500 + number), numbers))
    try:
        daemon = start_daemon(directory, "30s", "--interval", "5s")
        time.sleep(3)  # a pause, not a wait: work that the launches left is not part of idling
        pids = [executor.process.pid for executor in executors]
        before, begin = [processor_seconds(pid) for pid in [*pids, daemon.pid]], time.monotonic()
        time.sleep(IDLE_SECONDS)
        minutes = (time.monotonic() - begin) / 60
        used = [(processor_seconds(pid) - old) / minutes for pid, old in zip([*pids, daemon.pid], before)]
        sizes = [resident(pid) for pid in pids]
        shares = [resident(pid, "Pss", "smaps_rollup") for pid in pids]
        largest = resident(daemon.pid, "VmHWM")
        end_daemon(daemon)
    finally:
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda executor: executor.stop(), executors))
    figure(f"processor time of an idle executor among {EXECUTORS}", "s/min", used[:-1], 0.005)
    figure(f"resident memory of the largest of {EXECUTORS} idle executors", "MiB", max(sizes), 26, count=1)
    figure(f"proportional memory (PSS) of the largest of {EXECUTORS} idle executors", "MiB", max(shares), 4, count=1)
    figure(f"processor time of an idle reaper, {EXECUTORS} pods, a pass every 5 s", "s/min", used[-1], 0.5, count=1)
    figure(f"most resident memory of an idle reaper, {EXECUTORS} pods", "MiB", largest, 30, count=1)


class Holders:
    """Processes in place of executors: each sleeps, and has a lease if pod-reaper runs."""

    def __init__(self, runs, directory=None):
        self.pids = []
        for run in runs:
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                hold(run, directory, writing)
            os.close(writing)
            self.pids.append(pid)
            if os.read(reading, 1) != b"1":
                sys.exit("bench: no lease")
            os.close(reading)

    def kill(self):
        """Kills all; returns the time of the last signal."""
        for pid in self.pids:
            os.kill(pid, signal.SIGKILL)
        begin = time.perf_counter()
        for pid in self.pids:
            os.waitpid(pid, 0)
        self.pids = []
        return begin


def hold(run, directory, writing):
    """In a child process: never returns."""
    # The children exit with their parent, however it exits (prctl(2), PR_SET_PDEATHSIG).
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    try:
        if directory:
            lease = socket.socket(socket.AF_UNIX)
            lease.settimeout(DEADLINE)
            lease.connect(f"{directory}/run/lease.sock")
            lease.sendall(f"LEASE 1 {run}\n".encode())
            if lease.recv(3) != b"OK\n":
                os._exit(1)
        os.write(writing, b"1")
        while True:
            signal.pause()
    finally:
        os._exit(1)


def mass(directory, pods, containers):
    """From the last SIGKILL until no container, network or cgroup remains. The peer removes the same containers by
    one `docker rm -f`; its time including the networks is a separate figure.
    """
    subnets = Engine().subnets(pods)
    runs = [str(uuid.uuid4()) for _ in range(pods)]

    def made(lease):
        holders = Holders(runs, directory if lease else None)
        share, rest = divmod(containers, pods)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: make_pod(
                number, share + (number < rest), volume=False, owner=holders.pids[number], subnet=subnets[number],
                run=runs[number], root=OWN_ROOT),
                range(pods)))
        return holders

    def ours():
        daemon = start_daemon(directory)
        holders = made(lease=True)
        with Destroyed() as destroyed:
            begin = holders.kill()
            last = destroyed.wait({"container": containers, "network": pods})
        while cgroups(runs, OWN_ROOT):
            if time.perf_counter() - begin > DEADLINE:
                sys.exit("bench: cgroups remain")
            time.sleep(0.002)
        elapsed = time.perf_counter() - begin
        size = resident(daemon.pid, "VmHWM")
        end_daemon(daemon)
        return elapsed, last["container"] - begin, size

    def docker():
        holders = made(lease=False)
        names = Engine().names()
        holders.kill()
        with Destroyed() as destroyed:
            begin = time.perf_counter()
            process = subprocess.Popen(["docker", "rm", "-f", *names], stdout=subprocess.DEVNULL)
            last = destroyed.wait({"container": containers})
            check(process, "docker rm")
            process = subprocess.Popen(["docker", "network", "rm", *(f"{run}_n" for run in runs)],
                                       stdout=subprocess.DEVNULL)
            with_networks = destroyed.wait({"network": pods})
            check(process, "docker network rm")
        # The parts of them that Docker leaves.
        for cgroup in cgroups(runs, OWN_ROOT):
            for path, _, _ in os.walk(cgroup, topdown=False):
                os.rmdir(path)
        return last["container"] - begin, with_networks["network"] - begin

    times = turns({"ours": ours, "docker": docker}, remove_all, count=ROUNDS, warm_ups=0)
    whole, alone, sizes = map(list, zip(*times["ours"]))
    peer, with_networks = map(list, zip(*times["docker"]))
    name = f"{containers} leaked containers of {pods} executors"
    figure(f"{name}, until nothing is left", "s", whole, 1.0, peer, "docker rm -f of the containers")
    figure(f"{name}, until the containers are gone", "s", alone, None, peer, "docker rm -f of the containers")
    figure(f"{name}, until nothing is left, beside both removals", "s", whole, None, with_networks,
           "docker rm -f, docker network rm")
    figure(f"{name}, most resident memory of the reaper", "MiB", max(sizes), 40, count=len(sizes))


def leaked(directory):
    for pods, containers in MASSES:
        mass(directory, pods, containers)
    remove_all()


PARTS = {"idle": idle, "leaked": leaked}
if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        for part in sys.argv[1:] or PARTS:
            note(part)
            PARTS[part](work)
    finish()
