#!/usr/bin/env python3
"""Prints the origin of a run's figures, as the first JSON line of scripts/bench: processor, cores, memory, kernel, engine,
commit (with `+` if sources have changed since), the selected parts (none: all), and the number of rounds.
"""

import json
import os
import platform
import re
import subprocess
import sys

from figures import PAIRS


def first(command, pattern):
    """The first group of a pattern in a command's output; None if it is not available."""
    try:
        text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout
    except OSError:
        return None
    found = re.search(pattern, text)
    return found.group(1) if found else None


def line(path, pattern):
    with open(path, encoding="utf-8") as file:
        found = re.search(pattern, file.read(), re.M)
    return found.group(1) if found else None


commit = first(["git", "rev-parse", "--short=12", "HEAD"], r"(\w+)")
if commit and first(["git", "status", "--porcelain", "--untracked-files=no"], r"(\S)"):
    commit += "+"
print(json.dumps({"machine": {
    "processor": line("/proc/cpuinfo", r"^model name\s*:\s*(.+?)\s*$") or platform.machine(),
    "cores": len(os.sched_getaffinity(0)),
    "memoryGiB": round(int(line("/proc/meminfo", r"^MemTotal:\s*(\d+)")) / 1024 ** 2),
    "kernel": platform.release(),
    "engine": first(["dockerd", "--version"], r"version (\S+?),"),
    "runtime": first(["runc", "--version"], r"version (\S+)"),
    "commit": commit,
    "parts": sys.argv[1:],
    "rounds": PAIRS,
}}), flush=True)
