#!/usr/bin/env python3
"""Measures the stop of pods against Docker Compose and bare Engine API calls, on one engine, in turns.

From the signal, or the start of the peer's process, until nothing remains and the process has exited. Medians of
BENCH_PAIRS (20) rounds, of at most 9 for 40 services. It needs the same environment as bench.py.
"""

import os
import select
import signal
import subprocess
import sys
import tempfile
import time

from bench import BARE, COMPOSE, DEADLINE, POD, SOCKET, Pod, check, timed
from figures import PAIRS, figure, finish, note, turns

COMPOSE_DOWN = "docker-compose 5.6.1 down"
# The time that a service of the third pod needs to stop, in seconds.
STOP_TIME = 0.1
SERVICE = """  s{number}:
    image: founding/base
"""
TALK = f"""    command: [sh, -c, "trap 'sleep {STOP_TIME}; exit 0' TERM; while :; do sleep 3600 & wait $$!; done"]
"""


def write(directory, services, extra=""):
    """A file with this number of services on the project's network."""
    path = os.path.join(directory, f"{services}{'stopping' if extra else ''}.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("name: bench\nservices:\n")
        file.writelines(SERVICE.format(number=number) + extra for number in range(services))
    return path


def ours(file, *options):
    return lambda: Pod(file, "--task-id", "bench", "--ports", "31500", *options).end()


def docker_compose(file, *options):
    compose = [COMPOSE, "-p", "bench-peer", "-f", file]

    def turn():
        timed([*compose, "up", "-d"])
        return timed([*compose, "down", *options])
    return turn


def bare(port, count, order):
    """A process with the pod and its connections, which stops the pod on TERM, like compose-executor."""
    def turn():
        process = subprocess.Popen([BARE, "hold", SOCKET, port, str(count), order],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if not select.select([process.stdout], [], [], DEADLINE)[0] or process.stdout.readline() != b"running\n":
            process.kill()
            sys.exit("bench: the bare pod does not run")
        begin = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        check(process, "bare")
        elapsed = time.perf_counter() - begin
        process.stdout.close()
        return elapsed
    return turn


def without_grace(services, file, port, limit, rounds):
    times = turns({
        "ours": ours(file, "--grace", "0s"),
        "compose": docker_compose(file, "-t", "0"),
        "delete": bare(port, services, "delete"),
        "kill": bare(port, services, "kill"),
    }, count=rounds, warm_ups=1)
    name = f"end of {services} services without grace"
    figure(name, "s", times["ours"], limit, times["compose"], f"{COMPOSE_DOWN} -t 0")
    order = min(("delete", "kill"), key=lambda order: sorted(times[order])[len(times[order]) // 2])
    note(f"  the faster order of bare calls: {order}")
    figure(f"{name}, beside bare calls", "s", times["ours"], 1.05, times[order],
           f"Engine API calls from C, {order} first" if order == "kill" else "Engine API calls from C, forced removal alone")


def ends():
    with tempfile.TemporaryDirectory() as directory:
        without_grace(3, POD, "31500", 0.70, PAIRS)
        without_grace(40, write(directory, 40), "0", 0.75, min(PAIRS, 9))
        file = write(directory, 3, TALK)
        times = turns({"ours": ours(file), "compose": docker_compose(file)})
        figure("end of 3 services that stop by themselves in 0.1 s", "s", times["ours"], 0.75, times["compose"],
               COMPOSE_DOWN)


PARTS = {"ends": ends}
if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        note(part)
        PARTS[part]()
    finish()
