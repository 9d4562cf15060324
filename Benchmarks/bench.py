#!/usr/bin/env python3
"""Measures compose-executor against its peers, on one engine, in turns.

One JSON line per figure on standard output (figures.py), progress on standard error.
Exit: 0 if every figure is within its limit.

Figures with a peer are medians of BENCH_PAIRS (20) rounds after 2 that aren't counted. In each
round all contenders run, and the first one changes from round to round.

Needs in the environment: EXECUTOR and STAND_IN (release builds), COMPOSE5 (Docker Compose 5.6.1), BARE (bare.c),
DOCKER_HOST (unix://…). BENCH_IDLE is the length of the idle watch in seconds (60).
"""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time

from figures import figure, finish, note, turns

HERE = os.path.dirname(os.path.abspath(__file__))
EXECUTOR = os.environ["EXECUTOR"]
STAND_IN = os.environ["STAND_IN"]
COMPOSE = os.environ["COMPOSE5"]
BARE = os.environ["BARE"]
SOCKET = os.environ["DOCKER_HOST"].removeprefix("unix://")
IDLE_SECONDS = float(os.environ.get("BENCH_IDLE", "60"))
POD = os.path.join(HERE, "compose.yaml")
SHARED = os.path.join(HERE, "shared.yaml")
OUTPUT = os.path.join(HERE, "output.yaml")
OUTPUT_LINES = 1048576
OUTPUT_MB = 100
DEADLINE = 120.0


def check(process, what, codes=(0,)):
    code = process.wait(timeout=DEADLINE)
    if code not in codes:
        sys.exit(f"bench: {what} exited with {code}")


def timed(arguments):
    """Seconds that a command takes, including the start of its process."""
    begin = time.perf_counter()
    process = subprocess.Popen(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.communicate(timeout=DEADLINE)[1]
    elapsed = time.perf_counter() - begin
    if process.returncode != 0:
        sys.exit(f"bench: {' '.join(arguments)}: {error.decode(errors='replace')}")
    return elapsed


class Pod:
    """A pod of compose-executor. It is running when the constructor returns."""

    def __init__(self, file, *options):
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            [EXECUTOR, "run", "-f", file, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        text = b""
        while b"TASK_RUNNING" not in text:
            readable, _, _ = select.select([self.process.stdout], [], [], DEADLINE)
            chunk = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            text += chunk
            if not chunk or b"TASK_FAILED" in text:
                self.process.kill()
                self.process.wait()
                sys.exit(f"bench: the pod does not run:\n{text.decode(errors='replace')}")
        self.launch = time.perf_counter() - begin

    def end(self):
        """Seconds from TERM to the exit of the executor, when nothing remains."""
        begin = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        check(self.process, "the pod", (130,))
        elapsed = time.perf_counter() - begin
        self.process.stdout.close()
        return elapsed


def launch():
    """(a) From the start of the process to RUNNING, or to the peer's exit, which has the same meaning, with the three services
    of compose.yaml. ends.py measures their stop.
    """
    compose = [COMPOSE, "-p", "bench-peer", "-f", POD]

    def ours():
        pod = Pod(POD, "--task-id", "bench", "--ports", "31500", "--grace", "0s")
        pod.end()
        return pod.launch

    def docker_compose():
        seconds = timed([*compose, "up", "-d"])
        timed([*compose, "down", "-t", "0"])
        return seconds

    def bare():
        seconds = timed([BARE, "up", SOCKET, "31500"])
        timed([BARE, "down", SOCKET])
        return seconds

    times = turns({"ours": ours, "compose": docker_compose, "bare": bare})
    figure("launch of three services", "s", times["ours"], 0.90, times["compose"], "docker-compose 5.6.1 up -d")
    figure("launch of three services, beside bare calls", "s", times["ours"], 1.10, times["bare"],
           "Engine API calls from C")


def lines_per_second(process, marker):
    """MB a second from the first line of output to the last, through a pipe."""
    lines, begin = 0, None
    tail = b""
    while lines < OUTPUT_LINES:
        chunk = os.read(process.stdout.fileno(), 1 << 20)
        if not chunk:
            sys.exit(f"bench: {lines} lines of {OUTPUT_LINES} came")
        if begin is None:
            # The executor's first lines have the task's state.
            found = (tail + chunk).find(marker)
            if found < 0:
                tail = (tail + chunk)[-200:]
                continue
            begin = time.perf_counter()
            chunk = (tail + chunk)[found:]
        lines += chunk.count(b"\n")
    speed = OUTPUT_MB / (time.perf_counter() - begin)
    while os.read(process.stdout.fileno(), 1 << 20):
        pass
    return speed


def output():
    """(c) 2^20 lines of 100 bytes from a container's standard output to a pipe. The peer's container logs
    with the same driver and the same maximum size.
    """
    line = b"It is the same line"
    talk = ("yes 'It is the same line again and again, of one hundred bytes with the newline that ends it: "
            f"012345678' | head -n {OUTPUT_LINES}")

    def ours():
        process = subprocess.Popen(
            [EXECUTOR, "run", "-f", OUTPUT, "--task-id", "bench-output"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        speed = lines_per_second(process, line)
        check(process, "the pod")
        return speed

    def docker_logs():
        subprocess.run(
            ["docker", "run", "-d", "--name", "bench-output", "--log-opt", "max-size=1g",
             "founding/base", "sh", "-c", talk],
            check=True, stdout=subprocess.DEVNULL)
        process = subprocess.Popen(
            ["docker", "logs", "-f", "bench-output"], stdout=subprocess.PIPE)
        speed = lines_per_second(process, line)
        check(process, "docker logs")
        subprocess.run(["docker", "rm", "-f", "bench-output"], check=True, stdout=subprocess.DEVNULL)
        return speed

    results = turns({"ours": ours, "docker logs": docker_logs})
    figure("forwarding 100 MB of output", "MB/s", results["ours"], 0.9,
           results["docker logs"], "docker logs -f", least=True)


def processor_seconds(pid):
    """Processor time, in seconds, of all current and former threads of the process: its clock, in the kernel's
    numbering (clock_getcpuclockid), because /proc/PID/stat counts in ticks of 10 ms.
    """
    return time.clock_gettime((~pid << 3) | 2)


def resident(pid, key="VmRSS", file="status"):
    """A process's resident memory in MiB; VmHWM: its maximum; Pss of smaps_rollup: its share."""
    with open(f"/proc/{pid}/{file}") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(key + ":")) / 1024


def idle():
    """(d) The cost of an executor while the pod of compose.yaml runs without events."""
    pod = Pod(POD, "--task-id", "bench", "--ports", "31500", "--grace", "0s")
    time.sleep(3)  # a pause, not a wait: work that the launch left is not part of idling
    pid = pod.process.pid
    before = processor_seconds(pid)
    begin = time.monotonic()
    time.sleep(IDLE_SECONDS)
    used = (processor_seconds(pid) - before) / (time.monotonic() - begin) * 60
    memory = resident(pid)
    pod.end()
    figure("resident memory of an idle executor", "MiB", memory, 30, count=1)
    figure("processor time of an idle executor", "s/min", used, 0.005, count=1)


def under_mesos(pattern, tasks=1):
    """The output of the stand-in agent about a task with the pod of compose.yaml: the numbers of a line's only group."""
    with tempfile.TemporaryDirectory() as directory:
        result = subprocess.run(
            [STAND_IN, "--executor", EXECUTOR, "--sandbox", directory, "--compose", POD, "--ports", "31500",
             "--launcher", "posix", "--env", "DOCKER_HOST=unix://" + SOCKET, "--task-id", "bench",
             "--tasks", str(tasks), "--kill-after", "0", "--grace", "0"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=DEADLINE)
    found = re.findall(pattern, result.stdout)
    if result.returncode != 0 or not found:
        sys.exit(f"bench: the task does not run:\n{result.stdout}")
    return [float(number) for number in found]


def mesos():
    """(e) From LAUNCH to RUNNING under the stand-in agent, beyond the time of `run` from its process's start; and the
    memory of twenty tasks in one executor, beyond that of one.
    """
    def run():
        pod = Pod(POD, "--task-id", "bench", "--ports", "31500", "--grace", "0s")
        pod.end()
        return pod.launch

    results = turns({
        "run": run, "mesos": lambda: under_mesos(r"from LAUNCH to RUNNING: (\S+) s")[0]})
    beyond = [mesos - run for mesos, run in zip(results["mesos"], results["run"])]
    figure("from LAUNCH to RUNNING, beyond run", "s", beyond, 0.05)
    one, twenty = under_mesos(r"resident with \d+ tasks?: (\d+) KiB", tasks=20)
    figure("resident memory per further task in one executor", "MiB", (twenty - one) / 19 / 1024, 1.0, count=1)


def shared():
    """(f) From the start of the process to RUNNING with one network namespace for the three services of shared.yaml, which
    belongs to an infrastructure container on Docker's default bridge; the peer starts the same services on a project network.
    """
    compose = [COMPOSE, "-p", "bench-peer", "-f", SHARED]

    def ours():
        pod = Pod(SHARED, "--task-id", "bench", "--ports", "31500", "--grace", "0s", "--share", "net")
        pod.end()
        return pod.launch

    def docker_compose():
        launch = timed([*compose, "up", "-d"])
        timed([*compose, "down", "-t", "0"])
        return launch

    results = turns({"ours": ours, "compose": docker_compose})
    figure("launch in a shared network namespace", "s", results["ours"], 0.75,
           results["compose"], "docker-compose 5.6.1 up -d on a project network")


PARTS = {"launch": launch, "shared": shared, "output": output, "idle": idle, "mesos": mesos}
if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        note(part)
        PARTS[part]()
    finish()
