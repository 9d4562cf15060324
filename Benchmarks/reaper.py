#!/usr/bin/env python3
"""Measures pod-reaper against the docker command, on one engine, in turns; lines and limits as in figures.py.

Pods are made by hand with the labels of a process that is dead (or, for a pass with nothing to do, alive).
Needs in the environment: REAPER and NOTIFY (release builds), HOOK and DIRECTORY (see hook.py), and the environment of bench.py.
BENCH_COUNTS (100,200,400) and BENCH_PAIRS shorten it.
"""

import concurrent.futures
import json
import os
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse

from bench import DEADLINE, check, processor_seconds, resident
from figures import PAIRS, figure, finish, note, turns
from pods import (LABEL, REAPER, RM, RM_ALL, ROOT, Engine, Executor, arguments, end_daemon, hierarchies, make_pods,
                  start_daemon)

NOTIFY = os.environ["NOTIFY"]
HOOK = os.environ["HOOK"]
IDLE_SECONDS = float(os.environ.get("BENCH_IDLE", "60"))
# A round creates and removes sixty running containers twice: five rounds suffice.
ROUNDS = min(PAIRS, 5)
# A round that kills a pod of three is cheap.
DEATHS = min(PAIRS, 9)
COUNTS = [int(count) for count in os.environ.get("BENCH_COUNTS", "100,200,400").split(",")]
GROWTH_ROUNDS = min(PAIRS, 5)


def until_gone(command, kinds, codes=(0,)):
    """Seconds from the start of a command until the engine has no labeled object."""
    engine = Engine()
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while engine.left(kinds):
        time.sleep(0.005)
    elapsed = time.perf_counter() - begin
    check(process, command[0], codes)
    return elapsed


def leaked(directory):
    once = [REAPER, "--once", *arguments(directory)]
    kinds = ("containers", "networks", "volumes")
    times = turns({"ours": lambda: until_gone(once, kinds),
                   "docker": lambda: until_gone(["sh", "-c", RM_ALL], kinds)},
                  lambda: make_pods(20, 3), count=ROUNDS, warm_ups=1)
    figure("60 leaked containers in 20 pods with networks and volumes", "s", times["ours"], 1.0,
           times["docker"], "docker rm -f, network rm, volume rm", count=ROUNDS)
    times = turns({"ours": lambda: until_gone(once, ("containers",)),
                   "docker": lambda: until_gone(["sh", "-c", RM], ("containers",))},
                  lambda: make_pods(20, 3, whole=False), count=ROUNDS, warm_ups=1)
    figure("60 leaked containers alone", "s", times["ours"], 1.1, times["docker"],
           "docker ps -aq | xargs docker rm -f", count=ROUNDS)


def gone_after(begin, *command):
    """Seconds until no pod's container remains; a command may run meanwhile."""
    engine = Engine()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL) if command else None
    while engine.left(("containers",)):
        time.sleep(0.002)
    elapsed = time.perf_counter() - begin
    if process:
        check(process, command[0])
    return elapsed


def container_pids():
    """The first process of each pod's container."""
    engine = Engine()
    return [engine.call("GET", f"/containers{name}/json")["State"]["Pid"] for name in engine.names()]


def end_of(processes):
    """When the last of some processes (pidfds, which are closed) has exited."""
    for process in processes:
        select.select([process], [], [], DEADLINE)
        os.close(process)
    return time.perf_counter()


def killed(directory):
    """From SIGKILL of an executor until its three containers are gone; the peer removes the same. By all means
    together, and by each alone: by the lease of an executor with unknown pid, and by the agent's notification about one
    that died while no reaper ran (from that notification, which the agent sends about 25 ms after the death).
    """
    numbers = iter(range(1_000_000))
    deaths = []

    def killing(daemon, executor, *command):
        begin = time.perf_counter()
        executor.kill()
        elapsed = gone_after(begin, *command)
        executor.end()
        if daemon:
            end_daemon(daemon)
        return elapsed

    def together():
        daemon = start_daemon(directory)
        executor = Executor(f"bench-{next(numbers)}", directory)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            processes = [os.pidfd_open(pid) for pid in container_pids()]
            death = pool.submit(end_of, processes)
            begin = time.perf_counter()
            gone = killing(daemon, executor)
            deaths.append(death.result() - begin)
        return gone

    def lease():
        daemon = start_daemon(directory, grace="10m")
        return killing(daemon, Executor(f"bench-{next(numbers)}", directory, separate=True))

    def notification():
        executor = Executor(f"bench-{next(numbers)}")
        executor.kill()
        executor.end()
        # The proof is too young for this grace: only the agent's notification confirms it.
        daemon = start_daemon(directory, grace="10m")
        told = [NOTIFY, "removed", "--framework", "", "--executor", "bench", "--run-dir", f"{directory}/run"]
        elapsed = gone_after(time.perf_counter(), *told)
        end_daemon(daemon)
        return elapsed

    def docker():
        return killing(None, Executor(f"bench-{next(numbers)}"), "sh", "-c", RM)

    clean = ["sh", "-c", RM_ALL]
    times = turns({"together": together, "lease": lease, "notification": notification, "docker": docker},
                  lambda: subprocess.run(clean, check=True, stdout=subprocess.DEVNULL), count=DEATHS, warm_ups=1)
    subprocess.run(clean, check=True, stdout=subprocess.DEVNULL)
    for what, name in (("from SIGKILL to three containers gone", "together"),
                       ("from SIGKILL to three containers gone, by lease alone", "lease"),
                       ("from the agent's notification to three containers gone, by notification alone", "notification")):
        figure(what, "s", times[name], 1.0, [seconds + 0.1 for seconds in times["docker"]],
               "docker rm -f of the same, plus 0.1 s")
    figure("from SIGKILL to three containers killed", "s", deaths[-DEATHS:], 0.40)


def earlier(directory):
    """The wait of the agent's thread after the death of an executor with a pod of three: one notification, or, as in
    hooks of earlier compose executors, a search by label, a stop, an inspection and the removal of the cgroups.
    """
    way = ("ids=$(docker ps -aq --filter label=taskId=bench); docker stop -t 0 $ids; "
           "for id in $ids; do parent=$(docker inspect --format '{{.HostConfig.CgroupParent}}' $id); "
           + " ".join(f"rmdir {root}$parent/* {root}$parent 2>/dev/null;" for root in hierarchies()) + " done; true")

    def theirs():
        executor = Executor("bench-earlier")
        executor.kill()
        executor.end()
        elapsed = run_time(["sh", "-c", way])
        subprocess.run(["sh", "-c", RM_ALL], check=True, stdout=subprocess.DEVNULL)
        return elapsed

    def ours():
        place = tempfile.mkdtemp(dir=os.environ["DIRECTORY"])
        calls = subprocess.run([HOOK, "delivered", place, "1000"], check=True, stdout=subprocess.PIPE)
        shutil.rmtree(place)
        times = sorted(int(line) / 1e9 for line in calls.stdout.split())
        return times[int(len(times) * 0.99)]

    times = turns({"ours": ours, "earlier": theirs}, count=ROUNDS, warm_ups=1)
    figure("wait of the agent's thread for one notification, 99th percentile", "µs", [seconds * 1e6 for seconds in times["ours"]], 0.001,
           [seconds * 1e6 for seconds in times["earlier"]], "docker ps, stop, inspect, rmdir of a pod of three")
    figure("wait of the agent's thread for docker commands, relative to one notification", "times",
           [wait / call for wait, call in zip(times["earlier"], times["ours"])], 1000, least=True)


def directories(make):
    for mounted in hierarchies():
        root = f"{mounted}/{ROOT}"
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


def nothing_to_do(directory):
    make_pods(100, 3, whole=False, start=False, alive=True)
    directories(True)
    try:
        times = turns(
            {"ours": lambda: run_time([REAPER, "--once", *arguments(directory)]),
             "docker": lambda: run_time(["docker", "ps", "-a", "--filter", f"label={LABEL}"])},
            lambda: None)
    finally:
        directories(False)
    figure("a pass with nothing to do, 300 containers, 3,000 cgroups", "s", times["ours"], 2.0,
           times["docker"], "docker ps -a --filter label=…")


def idle(directory):
    subprocess.run(["sh", "-c", RM], check=True, stdout=subprocess.DEVNULL)
    for containers, limit in ((0, 25), (100, 35)):
        if containers:
            make_pods(34, 3, whole=False, start=False, alive=True)
        daemon = start_daemon(directory)
        time.sleep(3)  # work that the start left is not part of idling
        before, begin = processor_seconds(daemon.pid), time.monotonic()
        time.sleep(IDLE_SECONDS)
        used = (processor_seconds(daemon.pid) - before) / (time.monotonic() - begin) * 60
        memory = resident(daemon.pid)
        end_daemon(daemon)
        figure(f"resident memory of an idle reaper, {containers} containers", "MiB", memory, limit, count=1)
        figure(f"processor time of an idle reaper, {containers} containers", "s/min", used, 0.06,
               count=1)
    subprocess.run(["sh", "-c", RM], check=True, stdout=subprocess.DEVNULL)


def until_destroyed(command, count, codes=(0,)):
    """Seconds from the start of a command until this number of containers is destroyed, by the engine's events (the cost of
    repeated queries would grow with the number); seconds from the first of these to the last, without the command's
    start; its processor seconds and MiB.
    """
    filters = urllib.parse.quote(json.dumps({"type": ["container"], "event": ["destroy"], "label": [LABEL]}))
    events = Engine()
    events.request("GET", "/events?filters=" + filters)
    stream = events.getresponse()
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    moments = []
    while len(moments) < count:
        if b'"destroy"' in stream.readline():
            moments.append(time.perf_counter())
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    events.close()
    check(process, command[0], codes)
    return moments[-1] - begin, moments[-1] - moments[0], usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def growth(directory):
    """Removals of 100, 200 and 400 containers, by pod-reaper and by the docker command in turns. The growth of the time
    with the count, from the first removed container to the last, shows whether growth is caused by pod-reaper or the
    engine. pod-reaper's time may grow like the count, or like that of the docker command (and 5 % for noise), its
    processor time and memory like the count.
    """
    subprocess.run(["sh", "-c", RM], check=True, stdout=subprocess.DEVNULL)
    commands = {"ours": [REAPER, "--once", *arguments(directory)], "docker": ["sh", "-c", RM]}
    results = {(name, count): [] for name in commands for count in COUNTS}
    for number in range(GROWTH_ROUNDS):
        for count in COUNTS:
            for name in sorted(commands, reverse=number % 2 == 1):
                make_pods(count // 4, 4, whole=False, start=False)
                results[name, count].append(until_destroyed(commands[name], count))
        note(f"  round {number + 1} of {GROWTH_ROUNDS}")
    seconds, span, processor, memory = (
        {key: [value[index] for value in values] for key, values in results.items()} for index in range(4))
    base = COUNTS[0]
    for count in COUNTS:
        figure(f"removing {count} containers", "s", seconds["ours", count], 1.1, seconds["docker", count],
               "docker ps -aq | xargs docker rm -f", count=GROWTH_ROUNDS)
    for count in COUNTS[1:]:
        ours, peer = (
            statistics.median(span[name, count]) / statistics.median(span[name, base]) for name in ("ours", "docker"))
        most = count / base
        figure(f"growth from {base} to {count}, first to last gone", "times", ours, max(most / peer, 1.05), peer,
               "growth of docker rm -f", count=GROWTH_ROUNDS)
        for what, unit, used in (("processor time", "s", processor), ("memory", "MiB", memory)):
            figure(f"{what} while removing {count} containers, beside {base}", unit, used["ours", count], most,
                   used["ours", base], f"the same with {base}", count=GROWTH_ROUNDS)


PARTS = {"leaked": leaked, "killed": killed, "nothing": nothing_to_do, "reaper-idle": idle,
         "growth": growth, "earlier": earlier}
with tempfile.TemporaryDirectory() as work:
    for part in sys.argv[1:] or PARTS:
        note(part)
        PARTS[part](work)
finish()
