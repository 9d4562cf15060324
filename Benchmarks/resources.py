#!/usr/bin/env python3
"""Measures compose-resources: the time to sum the 500 services of resolve.py's file, against Docker Compose 5.6.1 that
resolves it, the time to start, and the size of the program.

One JSON line per figure on standard output, as resolve.py writes them. Medians of BENCH_PAIRS (20) rounds in turns after 2
that aren't counted. No engine is needed.

Needs in the environment: RESOURCES (a release build, stripped), COMPOSE5.
Exit: 0 if every figure is within its limit.
"""

import os
import sys
import tempfile

import resolve
from figures import PAIRS, WARM_UPS, figure

# As a ratio to the peer, in seconds, in MB.
SUM_LIMIT, START_LIMIT, SIZE_LIMIT = 0.5, 0.05, 24


def main():
    program, compose5 = os.environ["RESOURCES"], os.environ["COMPOSE5"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COMPOSE")}
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "compose.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(resolve.text(0, resolve.SERVICES))
        kept = [resolve.measure(f"resources of {resolve.SERVICES} services", {
            "ours": [program, "-p", "sum", "-f", path, "--default-cpus", "0.1", "--default-mem", "64m"],
            "Docker Compose 5.6.1": [compose5, "-p", "sum", "-f", path, "config"],
        }, SUM_LIMIT)]
    starts = [resolve.timed([program, "--version"], environment) for _ in range(PAIRS + WARM_UPS)]
    kept.append(figure(
        "compose-resources, start", "s", starts[WARM_UPS:], START_LIMIT))
    kept.append(figure("compose-resources, size", "MB", os.stat(program).st_size / 1e6, SIZE_LIMIT, count=1))
    sys.exit(0 if all(kept) else 1)


main()
