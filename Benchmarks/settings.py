#!/usr/bin/env python3
"""Measures the effect of dockerd's settings on launch and stop of the three services of compose.yaml, on one private engine
for each setting, in turns. The peer of each is the same engine without it. The engines of `ip6tables` write packet filter rules,
as stock ones do, and are of Debian 13 (26.1).

Needs in the environment: EXECUTOR (a release build). What this machine can't run is left out. BENCH_PAIRS (20) shortens it;
BENCH_SETTINGS=NAME measures one group, by the name of one of its settings.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
ENGINE = os.path.join(ROOT, "scripts", "engine")

CRUN = {"default-runtime": "crun", "runtimes": {"crun": {"path": shutil.which("crun") or "crun"}}}
FILTER = ("--iptables", "--release", "trixie")
# crun refuses hosts that mount version 2 of cgroups beside version 1, so these engines don't see version 2.
V1_ALONE = ("unshare", "--mount", "sh", "-c", 'umount /sys/fs/cgroup/unified 2>/dev/null; exec "$@"', "sh")
# Engines that write packet filter rules get their own network namespace, and so does the command that stops them.
OWN_NETWORK = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")

# Each group: how to run scripts/engine, options of its `start`, and the settings of each engine, the peer first.
GROUPS = [
    ((), (), {"the same engine without settings": {}, "userland-proxy: false": {"userland-proxy": False},
              "live-restore: true": {"live-restore": True}}),
    (V1_ALONE, (), {"the same engine with runc": {}, "crun": CRUN}),
    (OWN_NETWORK, FILTER, {"the same engine with ip6tables": {"experimental": True, "ip6tables": True},
                           "ip6tables: false": {"experimental": True, "ip6tables": False}}),
]


def main():
    for around, options, settings in GROUPS:
        if os.environ.get("BENCH_SETTINGS", list(settings)[-1]) not in settings:
            continue
        if "crun" in settings and not shutil.which("crun"):
            print("settings: crun is left out: it isn't installed", file=sys.stderr)
            continue
        names, sockets = {}, {}
        if "--release" in options:
            # Outside of the namespace, from where no mirror can be reached.
            subprocess.run([os.path.join(ROOT, "scripts", "engine-root"), options[-1]], check=False, stdout=subprocess.DEVNULL)
        try:
            for number, (name, value) in enumerate(settings.items()):
                names[name] = f"settings-{os.getpid()}-{number}"
                sockets[name] = start(names[name], around, options, value)
            measure(sockets)
        except NotStarted as error:
            print(f"settings: left out: {', '.join(settings)}: {error}", file=sys.stderr)
        finally:
            for name in names.values():
                subprocess.run([*around, ENGINE, "stop", "--name", name], check=False)


class NotStarted(Exception):
    """An engine, or a container of it, can't run on this machine."""


def start(name, around, options, value):
    """Starts an engine with the images of the pod. Returns its address."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(value, file)
        file.flush()
        started = subprocess.run([*around, ENGINE, "start", "--name", name, *options, "--daemon-json", file.name],
                                 check=False, stdout=subprocess.PIPE, text=True)
    if started.returncode:
        raise NotStarted(f"the engine with {' '.join(options)} does not start")
    socket = "unix://" + started.stdout.strip().splitlines()[-1]
    made = subprocess.run([os.path.join(ROOT, "scripts", "images")], check=False, stderr=subprocess.PIPE, text=True,
                          env=os.environ | {"DOCKER_HOST": socket})
    if made.returncode:
        raise NotStarted(made.stderr.strip()[-200:])
    return socket


def measure(sockets):
    # The module reads the engine's address when it is imported.
    os.environ.setdefault("DOCKER_HOST", next(iter(sockets.values())))
    for needed in ("STAND_IN", "COMPOSE5", "BARE"):
        os.environ.setdefault(needed, "/nowhere")
    from bench import POD, Pod
    from figures import PAIRS, figure, note, turns

    def turn(name):
        def run():
            os.environ["DOCKER_HOST"] = sockets[name]
            pod = Pod(POD, "--task-id", "bench", "--ports", "31500", "--grace", "0s")
            return pod.launch, pod.end()
        return run

    note("settings: " + ", ".join(sockets))
    times = turns({name: turn(name) for name in sockets}, count=min(PAIRS, 15), warm_ups=1)
    plain, *others = sockets
    for name in others:
        samples = times[name]
        for index, what in enumerate(("launch", "stop")):
            figure(f"{what} of three services, {name}", "s", [sample[index] for sample in samples], None,
                   [sample[index] for sample in times[plain]], plain)


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    main()
