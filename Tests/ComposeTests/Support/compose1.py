"""What Docker Compose 1.29.2 makes of files, and what `config --format json` says, both in one plain form.

`compose1.py record FILE` reads a JSON list of {"directory", "files"} and prints a list of texts: for each service its
fields, whose defaults are left out, or `refused`. It runs in one process what `docker-compose config` does, since each
start of that takes half a second, and is all that needs Docker Compose.
`compose1.py compare FILE` reads a list of {"ours", "theirs"}, the text of `config --format json`, which may be missing,
and a recorded text, both with the names of directories in goldens; prints a list of {"theirs", "ours", "error"}.
"""
import json
import logging
import os
import re
import shlex
import sys

SIZES = ("mem_limit", "memswap_limit", "mem_reservation", "shm_size", "memory", "rate")
DURATIONS = ("interval", "timeout", "start_period", "delay", "monitor", "window", "stop_grace_period")
NUMBERS = ("cpu_shares", "cpu_quota", "mem_swappiness", "cpus", "oom_score_adj", "pids_limit", "scale")
# The names of directories in goldens (Golden.swift). Lists are ordered by these names, so that the
# location of the source tree doesn't matter.
ROOT = "/@"
TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../../.."))
UNORDERED = ("cap_add", "cap_drop", "expose", "external_links", "security_opt", "group_add", "devices", "profiles")


def parse_bytes(value):
    found = re.fullmatch(r"(-?[\d.]+) *([bkmgt]?)b?", str(value).strip().lower())
    return int(float(found[1]) * 1024 ** "bkmgt".index(found[2] or "b"))


def parse_nanoseconds(value):
    units = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
    return round(sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(ms|us|ns|h|m|s)", value)))


def text(value):
    """A scalar as the container sees it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None else str(value)


def words(value):
    return shlex.split(value) if isinstance(value, str) else value


def port(target, published, protocol, address):
    host = f"{address or ''}:{'' if published is None else published}"
    return f"{host.lstrip(':') + ':' if host != ':' else ''}{target}/{protocol or 'tcp'}"


def link(value):
    target, _, alias = value.partition(":")
    return f"{target}:{alias or target}"


def hosts(value):
    if isinstance(value, list):
        value = dict(line.replace("=", ":", 1).split(":", 1) for line in value)
    return {name: text(address) for name, address in value.items()}


def limits(value):
    return {
        name: [limit, limit] if isinstance(limit, int) else [limit["soft"], limit["hard"]]
        for name, limit in value.items()
    }


def device(value):
    if isinstance(value, dict):
        return f"{value['source']}:{value['target']}:{value.get('permissions', 'rwm')}"
    parts = value.split(":")
    return ":".join((parts + [parts[0], "rwm"])[:3] if len(parts) == 1 else (parts + ["rwm"])[:3])


def healthcheck(value):
    if value.pop("disable", False):
        return {"test": ["NONE"]}
    if isinstance(value.get("test"), str):
        value["test"] = ["CMD-SHELL", value["test"]]
    return plain(value)


def file_mount(item):
    """A config or a secret."""
    item = item if isinstance(item, dict) else item._asdict()
    mode = item.get("mode")
    if item.get("target") == f"/run/secrets/{item['source']}":
        item["target"] = None
    return plain({**item, "mode": int(mode, 8) if isinstance(mode, str) else mode})


def plain(service):
    """The fields that both write alike."""
    fields = {}
    for key, value in service.items():
        if value is None or key.startswith("x-"):
            continue
        key = key.lower()
        if key in SIZES:
            value = parse_bytes(value)
        elif key in DURATIONS:
            value = parse_nanoseconds(value)
        elif key == "healthcheck":
            value = healthcheck(dict(value))
        elif key in ("configs", "secrets"):
            value = [file_mount(item) for item in value]
        elif key in NUMBERS:
            value = float(value)
        elif key in ("command", "entrypoint"):
            value = words(value)
        elif key in ("environment", "labels", "sysctls", "storage_opt", "args"):
            pairs = dict(item.partition("=")[::2] for item in value) if isinstance(value, list) else value
            value = {name: text(item) for name, item in pairs.items()}
        elif key == "links":
            value = sorted(link(item) for item in value)
        elif key == "extra_hosts":
            value = hosts(value)
        elif key == "ulimits":
            value = limits(value)
        elif key == "devices":
            value = sorted(device(item) for item in value)
        elif key in UNORDERED:
            value = sorted(text(item) for item in value)
        elif key == "logging":
            options = {name: text(item) for name, item in (value.get("options") or {}).items()}
            value = {"driver": value.get("driver"), "options": options}
        elif key == "build":
            value = plain({"dockerfile": "Dockerfile", **value})
        elif isinstance(value, dict):
            value = plain(value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            value = [plain(item) for item in value]
        fields[key] = value
    return {key: value for key, value in fields.items() if value not in (None, False, "", [], {}, 0)}


def path(text):
    return os.path.normpath(text) if text else ""


def mount(item):
    mode = "ro" if item.get("read_only") else "rw"
    label = item.get("bind", {}).get("selinux")
    return f"{path(item.get('source'))}:{item['target']}:{label if label and mode == 'rw' else mode}"


def source(item):
    kind, rest = ("container", item[10:]) if item.startswith("container:") else ("service", item)
    name, _, mode = rest.partition(":")
    return f"{kind}:{name}:{mode or 'rw'}"


def ours(service, volumes):
    """A service of `config --format json`."""
    ports, mounts = service.pop("ports", []), service.pop("volumes", [])
    sources = service.pop("volumes_from", [])
    fields = plain(service)
    fields["ports"] = sorted(port(p["target"], p.get("published"), p["protocol"], p.get("host_ip")) for p in ports)
    fields["volumes"] = sorted(mount(item) for item in mounts)
    drivers = {volumes.get(item.get("source"), {}).get("driver") for item in mounts if item["type"] == "volume"}
    fields["volume_driver"] = next(iter(drivers - {None}), None)
    fields["volumes_from"] = sorted(source(item) for item in sources)
    return {key: value for key, value in fields.items() if value}


def undollared(value):
    """`config` doubles each dollar sign."""
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, list):
        return [undollared(item) for item in value]
    if isinstance(value, dict):
        return {key: undollared(item) for key, item in value.items()}
    return value


def leave_out_implied(service, other):
    """Takes out what our output says and that of 1.29.2 leaves unsaid: implied dependencies, the default network."""
    for key in ("depends_on", "networks"):
        said = other.setdefault(key, {})
        service[key] = {
            name: {"condition": item["condition"]} if key == "depends_on" else item or {}
            for name, item in service.get(key, {}).items() if name in said
        }
        other[key] = {name: item or {} for name, item in said.items()}


def record(cases):
    from compose.config import config
    from compose.config.environment import Environment
    from compose.config.serialize import denormalize_service_dict

    def theirs(service, version):
        """A service of Docker Compose 1.29.2."""
        ports, mounts = service.pop("ports", []), service.pop("volumes", [])
        sources = service.pop("volumes_from", [])
        service = denormalize_service_dict(service, version)
        for key in ("name", "net"):
            service.pop(key, None)
        service["security_opt"] = [getattr(item, "value", item) for item in service.get("security_opt", [])]
        fields = plain(service)
        fields["ports"] = sorted(port(p.target, p.published, p.protocol, p.external_ip) for p in ports)
        fields["volumes"] = sorted(
            f"{path(m.external)}:{m.internal}:{m.mode}" if hasattr(m, "internal")
            else f"{path(m.source)}:{m.target}:{'ro' if m.read_only else 'rw'}" for m in mounts)
        fields["volumes_from"] = sorted(f"{s.type}:{s.source}:{s.mode}" for s in sources)
        return {key: value for key, value in fields.items() if value}

    def recorded(case):
        os.chdir(case["directory"])
        try:
            environment = Environment.from_env_file(case["directory"], None)
            loaded = config.load(config.find(case["directory"], case["files"], environment, None))
            services = {service["name"]: theirs(dict(service), loaded.version) for service in loaded.services}
        except Exception:
            return "refused"
        services = json.loads(json.dumps(services).replace(case["directory"], ROOT).replace(TREE, ROOT + "@"))
        for service in services.values():
            service.get("volumes", []).sort()
        lines = [f"{json.dumps(name)}:{json.dumps(services[name], sort_keys=True)}" for name in sorted(services)]
        return json.dumps({"version": str(loaded.version)})[:-1] + ',"services":{\n' + ",\n".join(lines) + "}}"

    logging.disable(logging.CRITICAL)
    return [recorded(case) for case in cases]


def compare(case):
    result, version = {}, None
    if case["theirs"] == "refused":
        result["error"] = "refused"
    else:
        stored = json.loads(case["theirs"])
        result["theirs"], version = stored["services"], stored["version"]
    if case.get("ours") is not None:
        project = undollared(json.loads(case["ours"]))
        volumes = project.get("volumes", {}) if version == "1" else {}
        result["ours"] = {name: ours(service, volumes) for name, service in project["services"].items()}
        for name, service in result["ours"].items():
            leave_out_implied(service, result.get("theirs", {}).get(name, {}))
    return result


with open(sys.argv[2], encoding="utf-8") as questions:
    CASES = json.load(questions)
VERB, sys.argv = sys.argv[1], ["docker-compose", "config"]
json.dump(record(CASES) if VERB == "record" else [compare(case) for case in CASES], sys.stdout)
