#!/usr/bin/env python3
"""Measures the removal of the cgroups of 500 runs, each in every hierarchy of this host: with libcgroup, as in pod-reaper, and
with this project's own calls, as in compose-executor; once with and once without a container's group in each run. One JSON
line per figure on standard output; the limit is the maximum of the ratio to the peer. Medians of BENCH_ROUNDS (7) rounds in
turns, in one process. It needs root, but no engine.

Needs in the environment: CGROUP_TOOL (a release build).
Exit: 0 if every figure is within its limit.
"""

import json
import os
import subprocess
import sys
import uuid

from figures import figure

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "7"))
RUNS = 500
# Of the variant that reads the mounts again for each pod.
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
