#!/usr/bin/env python3
"""Measures the cost of hostile files, and whether the cost of a file is proportional to its services.

Each kind of inputs.py is given to `config -q`, `validate` and compose-resources: the figures are the longest time and the
largest memory, with the kind and the program, of the fastest of INPUT_RUNS (3) runs each. A program that exits in
another way than with one of its exit codes, or prints nothing about a refusal, fails the part. Then resolve.py's file with 10 to
5,000 services: the time per service of 5,000 against that of 500, without the time of a start. One JSON line per figure
on standard output, as resolve.py writes them. No engine is needed.

Needs in the environment: EXECUTOR, RESOURCES (release builds). INPUT_KINDS: only kinds with this text in their name.
Exit: 0 if every figure is within its limit.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import inputs
import resolve

RUNS = int(os.environ.get("INPUT_RUNS", "3"))
SECONDS, MEGABYTES, SCALING = 2.0, 300.0, 1.3
DEADLINE = 60
SIZES = (10, 50, 100, 500, 1000, 5000)
ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("COMPOSE")}


def run(arguments, directory):
    """Seconds, megabytes, exit code and standard error; a program that hangs is killed."""
    with open(os.path.join(directory, "errors"), "w+b") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            arguments, cwd=directory, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env=ENVIRONMENT)
        timer = threading.Timer(DEADLINE, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        elapsed = time.perf_counter() - begin
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        return elapsed, usage.ru_maxrss / 1024, process.returncode, errors.read(4096).decode(errors="replace")


def figure(name, unit, ours, limit, count, detail, ratio=None):
    print(json.dumps({
        "name": name, "unit": unit, "ours": round(ours, 4), "peer": None, "peerName": None, "ratio": ratio,
        "limit": limit, "n": count, "all": detail,
    }), flush=True)
    return (ours if ratio is None else ratio) <= limit


def worst(programs):
    """The figures of the kinds."""
    times, sizes, count, sound = {}, {}, 0, True
    for kind, write in inputs.KINDS.items():
        if os.environ.get("INPUT_KINDS", "") not in kind:
            continue
        count += 1
        with tempfile.TemporaryDirectory() as directory:
            write(directory)
            for program, arguments in programs.items():
                runs = [run(arguments, directory) for _ in range(RUNS)]
                label = f"{kind}: {program}"
                times[label] = min(elapsed for elapsed, *_ in runs)
                sizes[label] = max(size for _, size, *_ in runs)
                _, _, code, text = runs[0]
                if code < 0 or code > 3 or (code and not text):
                    sound = False
                    print(f"input: {label}: exit code {code}: {text[:200]}", file=sys.stderr)
    if os.environ.get("INPUT_ALL"):
        for label, elapsed in times.items():
            print(f"{elapsed:6.2f} s {sizes[label]:6.0f} MB  {label}", file=sys.stderr)
    for name, unit, found, limit in (
            ("hostile files, longest", "s", times, SECONDS), ("hostile files, memory", "MB", sizes, MEGABYTES)):
        top = sorted(found, key=found.get, reverse=True)[:3]
        kept = figure(name, unit, found[top[0]], limit, count, {label: round(found[label], 3) for label in top})
        sound = kept and sound
    return sound


def scaling(executor):
    """The ratio of the time per service."""
    taken = {}
    with tempfile.TemporaryDirectory() as directory:
        start = statistics.median(
            resolve.timed([executor, "--version"], ENVIRONMENT) for _ in range(2 * RUNS + 1))
        paths = {}
        for number in SIZES:
            paths[number] = os.path.join(directory, f"{number}.yaml")
            with open(paths[number], "w", encoding="utf-8") as file:
                file.write(resolve.text(0, number))
        results = {number: [] for number in SIZES}
        for _ in range(2 * RUNS + 1):
            for number in SIZES:
                results[number].append(
                    resolve.timed([executor, "config", "-p", "input", "-f", paths[number]], ENVIRONMENT))
        for number in SIZES:
            taken[number] = (min(results[number]) - start) / number
    return figure(
        "config, time per service, 5,000 beside 500", "s", taken[5000], SCALING, 2 * RUNS + 1,
        {str(number): round(value, 6) for number, value in taken.items()}, round(taken[5000] / taken[500], 3))


def main():
    executor, resources = os.environ["EXECUTOR"], os.environ["RESOURCES"]
    kept = worst({
        "config": [executor, "config", "-q"],
        "validate": [executor, "validate", "compose.yaml"],
        "resources": [resources],
    })
    sys.exit(0 if scaling(executor) and kept else 1)


if __name__ == "__main__":
    main()
