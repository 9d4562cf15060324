#!/usr/bin/env python3
"""Measures the time to resolve a Compose file of 500 services, against Docker Compose 5.6.1 and 1.29.2.

The file has anchors, merge keys and variables; Compose 5 and compose-executor also resolve it by `include:`, which
1.29.2 lacks. One JSON line per figure on standard output; the limit is the maximum of the ratio to the faster
peer. Medians of BENCH_PAIRS (20) rounds in turns after 2 that aren't counted. No engine is needed.

Needs in the environment: EXECUTOR (a release build), COMPOSE5, COMPOSE1 (optional).
Exit: 0 if every figure is within its limit.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time

from figures import figure, turns

SERVICES = 500
LIMIT = 0.5

HEAD = """version: "3.7"
x-logging: &logging
  driver: json-file
  options: {max-size: 10m, max-file: "3"}
x-environment: &environment
  TZ: ${ZONE:-Europe/Berlin}
  LEVEL: ${LEVEL:-info}
  DATABASE: postgres://${DB_USER:-app}:${DB_PASSWORD:-secret}@db:5432/app
x-service: &service
  image: registry.example.org/app:${VERSION:-1.2.3}
  restart: unless-stopped
  logging: *logging
  healthcheck:
    test: ["CMD", "curl", "-f", "http://localhost:8080/health"]
    interval: 30s
    timeout: 5s
    retries: 3
services:
"""
SERVICE = """  service{n}:
    <<: *service
    hostname: service{n}
    command: ["run", "--id={n}", "--peer=${{PEER:-none}}"]
    environment:
      <<: *environment
      NUMBER: "{n}"
    ports: ["{port}:8080"]
    volumes: ["data{n}:/data", "./conf:/etc/app:ro"]
    networks: [front, back]
    labels: ["org.example.number={n}", "org.example.host=${{HOST_NAME:-host}}"]
"""
AFTER = "    depends_on: [service{before}]\n"


def text(first, last):
    """A file with the services of these numbers, in chains of ten."""
    parts = [HEAD]
    for n in range(first, last):
        parts.append(SERVICE.format(n=n, port=10000 + n))
        if n % 10:
            parts.append(AFTER.format(before=n - 1))
    parts.append("networks: {front: {}, back: {}}\nvolumes:\n")
    parts += [f"  data{n}: {{}}\n" for n in range(first, last)]
    return "".join(parts)


def timed(arguments, environment):
    begin = time.perf_counter()
    process = subprocess.run(
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        env=environment, timeout=300, check=False)
    elapsed = time.perf_counter() - begin
    if process.returncode != 0:
        sys.exit(f"resolve: {' '.join(arguments)}: {process.stderr.decode(errors='replace')[-400:]}")
    return elapsed


def measure(name, contenders, limit=LIMIT):
    """Medians in turns; a line with the faster peer. True if the figure is within its limit."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("COMPOSE")}
    results = turns({
        peer: lambda command=command: timed(command, environment) for peer, command in contenders.items()})
    ours = results.pop("ours")
    peer = min(results, key=lambda peer: statistics.median(results[peer]))
    return figure(name, "s", ours, limit, results[peer], peer,
                  all={peer: round(statistics.median(times), 4) for peer, times in results.items()})


def main():
    executor, compose5 = os.environ["EXECUTOR"], os.environ["COMPOSE5"]
    compose1 = os.environ.get("COMPOSE1")
    with tempfile.TemporaryDirectory() as directory:
        whole = os.path.join(directory, "compose.yaml")
        with open(whole, "w", encoding="utf-8") as file:
            file.write(text(0, SERVICES))
        parts = []
        for first in range(0, SERVICES, 100):
            parts.append(f"part{first}.yaml")
            with open(os.path.join(directory, parts[-1]), "w", encoding="utf-8") as file:
                file.write(text(first, first + 100))
        including = os.path.join(directory, "including.yaml")
        with open(including, "w", encoding="utf-8") as file:
            file.write(f"include: [{', '.join(parts)}]\n")

        def contenders(path, old):
            programs = {
                "ours": [executor, "config", "-p", "resolve", "-f", path],
                "Docker Compose 5.6.1": [compose5, "-p", "resolve", "-f", path, "config"],
            }
            if old and compose1:
                programs["Docker Compose 1.29.2"] = [compose1, "-f", path, "config"]
            return programs

        kept = [
            measure(f"resolve {SERVICES} services", contenders(whole, True)),
            measure(f"resolve {SERVICES} services, included", contenders(including, False)),
        ]
    sys.exit(0 if all(kept) else 1)


if __name__ == "__main__":
    main()
