#!/usr/bin/env python3
"""Measures the cost of a notification for the Mesos agent's thread that sends it.

A JSON line per figure on standard output, as figures.py writes them. Exit: 0 if every figure is within its limit.
Needs in the environment: HOOK (hook.c with HookShim, optimized), DIRECTORY (an empty directory on tmpfs).
Each of 5 rounds makes HOOK_CALLS (10000) calls of each kind. A figure is the minimum of the rounds: other load
of the machine only adds to it, but a wait in the hook would be in every round.
"""

import os
import shutil
import statistics
import subprocess
import sys

from figures import figure, finish, note, spread

HOOK = os.environ["HOOK"]
DIRECTORY = os.environ["DIRECTORY"]
CALLS = int(os.environ.get("HOOK_CALLS", "10000"))
ROUNDS = 5

def calls(way):
    """Median and 99th percentile of a round's calls in microseconds."""
    directory = os.path.join(DIRECTORY, way)
    os.mkdir(directory, 0o700)
    process = subprocess.run(
        [HOOK, way, directory, str(CALLS)], stdout=subprocess.PIPE, timeout=120, text=True)
    shutil.rmtree(directory)
    if process.returncode != 0:
        sys.exit(f"bench: not every call was {way}")
    times = sorted(int(line) / 1000 for line in process.stdout.split())
    return statistics.median(times), times[int(len(times) * 0.99)]


note("hook")
rounds = [{way: calls(way) for way in ("delivered", "bare", "spooled")} for _ in range(ROUNDS)]
for name, way, index, limit in (
    ("notification with a receiver, median", "delivered", 0, 10),
    ("notification with a receiver, 99th percentile", "delivered", 1, 50),
    ("notification beside the kernel's part, median", "delivered", 0, 2),
    ("notification spooled, 99th percentile", "spooled", 1, 200),
):
    values = [r[way][index] for r in rounds]
    peer = (min(r["bare"][0] for r in rounds), "one sendto") if "beside" in name else ()
    figure(name, "µs", min(values), limit, *peer, count=ROUNDS * CALLS, digits=2, width=spread(values))
finish()
