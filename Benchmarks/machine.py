#!/usr/bin/env python3
"""Prints what a run's figures are of, as the first JSON line of scripts/bench: processor, cores, memory, kernel, engine,
commit (with `+` where sources have changed since), and how much of it was run: the parts named (none: all), the rounds.
"""

import json
import os
import platform
import re
import subprocess
import sys

from figures import PAIRS


def first(command, pattern):
    """The first group of a pattern in what a command prints; None where it can't be had."""
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
