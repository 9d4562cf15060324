#!/usr/bin/env python3
"""Measures how long the cgroups of 500 runs take to remove, each in every hierarchy of this host: as pod-reaper does it, with
libcgroup, beside this project's own calls, which compose-executor uses. Once with and once without a container's group in
each run. One JSON line per figure on standard output; the limit is the most that the ratio to the peer may be. Medians of
BENCH_ROUNDS (7) rounds in turns, in one process. No engine is needed, but root.

Needs in the environment: CGROUP_TOOL (a release build).
Exit: 0 when every figure keeps its limit.
"""

import json
import os
import subprocess
import sys
import uuid

from figures import figure

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
RUNS = 500
# Of today's way, which reads the mounts anew for each pod.
LIMIT = 1.0


def main():
    kept = []
    for children, words in ((0, ""), (1, " with a container's group each")):
        result = json.loads(subprocess.run(
            [os.environ["CGROUP_TOOL"], "bench", "--root", f"/cgroup-bench-{uuid.uuid4()}", "--runs", str(RUNS),
             "--children", str(children), "--rounds", str(ROUNDS)],
            check=True, stdout=subprocess.PIPE, text=True).stdout)
        name = f"cgroups of {RUNS} runs{words} in {result['hierarchies']} hierarchies"
        for key, peer, limit in (("ownMounts", "own calls, mounts read for each run", LIMIT),
                                 ("own", "own calls, mounts read once", None)):
            kept.append(figure(name, "s", result["library"], limit, result[key], peer))
    sys.exit(0 if all(kept) else 1)


main()
