#!/usr/bin/env python3
"""Measures the effect of dockerd's settings on launch and stop of the three services of compose.yaml, on one private engine
for each setting, in turns. The peer of each is the engine without settings. `ip6tables` isn't measured: private engines write
no packet filter rules, since several of them share a host.

Needs in the environment: EXECUTOR (a release build). A runtime that isn't installed, or that can't run containers here, is
omitted. BENCH_PAIRS (20) shortens it.
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

SETTINGS = {
    "runc": {},
    "crun": {"default-runtime": "crun", "runtimes": {"crun": {"path": shutil.which("crun") or "crun"}}},
    "userland-proxy: false": {"userland-proxy": False},
    "live-restore: true": {"live-restore": True},
}


def main():
    names, sockets = {}, {}
    settings = {name: value for name, value in SETTINGS.items() if name != "crun" or shutil.which("crun")}
    try:
        for number, (name, value) in enumerate(settings.items()):
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(value, file)
                file.flush()
                names[name] = f"settings-{os.getpid()}-{number}"
                sockets[name] = "unix://" + subprocess.run(
                    [ENGINE, "start", "--name", names[name], "--daemon-json", file.name],
                    check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
            made = subprocess.run([os.path.join(ROOT, "scripts", "images")], check=False, stderr=subprocess.PIPE, text=True,
                                  env=os.environ | {"DOCKER_HOST": sockets[name]})
            if made.returncode and name != "crun":
                sys.exit(f"settings: {name}: {made.stderr[-500:]}")
            if made.returncode:
                # crun refuses hosts that mount version 2 of cgroups beside version 1.
                print(f"settings: {name} is left out: {made.stderr.strip()[-200:]}", file=sys.stderr)
                del sockets[name]
        measure(sockets)
    finally:
        for name in names.values():
            subprocess.run([ENGINE, "stop", "--name", name], check=False)


def measure(sockets):
    # The module reads the engine's address when it is imported.
    os.environ.setdefault("DOCKER_HOST", next(iter(sockets.values())))
    for needed in ("STAND_IN", "COMPOSE5", "BARE"):
        os.environ.setdefault(needed, "/nowhere")
    from bench import POD, Pod
    from figures import PAIRS, figure, finish, note, turns

    def turn(name):
        def run():
            os.environ["DOCKER_HOST"] = sockets[name]
            pod = Pod(POD, "--task-id", "bench", "--ports", "31500", "--grace", "0s")
            return pod.launch, pod.end()
        return run

    note("settings")
    times = turns({name: turn(name) for name in sockets}, count=min(PAIRS, 15), warm_ups=1)
    plain = "runc"
    for name, samples in times.items():
        if name == plain:
            continue
        for index, what in enumerate(("launch", "stop")):
            figure(f"{what} of three services, {name}", "s", [sample[index] for sample in samples], None,
                   [sample[index] for sample in times[plain]], "the same engine without settings")
    finish()


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    main()
