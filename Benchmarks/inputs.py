"""Compose files of up to 8 MiB that cause as much work as their size permits, each in another way.

KINDS maps a name to a function that writes the files into an empty directory; the main file is compose.yaml. The same
call always writes the same bytes.
"""

import os

SIZE = 8 << 20
HEAD = "services:\n  a:\n    image: a\n"


def filled(head, line, tail="", size=SIZE):
    """As many numbered lines as fit into the size, between a head and a tail."""
    parts, length, number = [head], len(head) + len(tail), 0
    while True:
        text = line(number)
        length += len(text)
        if length > size:
            break
        parts.append(text)
        number += 1
    parts.append(tail)
    return "".join(parts)


def plain(*arguments, **keywords):
    """A kind of one file."""
    def write(directory):
        save(directory, "compose.yaml", filled(*arguments, **keywords))
    return write


def repeated(head, unit, tail=""):
    """A kind of one file in which a text is repeated."""
    def write(directory):
        save(directory, "compose.yaml", head + unit * ((SIZE - len(head) - len(tail)) // len(unit)) + tail)
    return write


def save(directory, name, text):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(text)


def services(count):
    """A kind with this many small services."""
    def write(directory):
        save(directory, "compose.yaml", "services:\n" + "".join(f"  s{n}: {{image: a}}\n" for n in range(count)))
    return write


def replicas(directory):
    save(directory, "compose.yaml", filled("services:\n", lambda n: f"  s{n}: {{image: a, scale: 1000000}}\n", size=100_000))


def deep(directory):
    save(directory, "compose.yaml", "x-a: " + "[" * (SIZE - 10))


def deep_mappings(directory):
    save(directory, "compose.yaml", "x-a: " + "{a: " * (SIZE // 4 - 10))


def interpolations(directory):
    deep = "${A:-" * 1_600_000
    save(directory, "compose.yaml", f"services:\n  a:\n    image: \"{deep[:SIZE - 100]}\"\n")


def closed_interpolations(directory):
    count = SIZE // 6 - 100
    save(directory, "compose.yaml", "services:\n  a:\n    image: \"" + "${A:-" * count + "}" * count + "\"\n")


def aliases(directory):
    text = "x-a: &a0 [a, a, a, a, a, a, a, a, a, a]\n"
    for level in range(1, 9):
        text += f"x-{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n"
    save(directory, "compose.yaml", text + HEAD)


def extends(directory):
    text = "services:\n  s0:\n    image: a\n    environment: {" + ", ".join(f"V{n}: a" for n in range(200)) + "}\n"
    save(directory, "compose.yaml", filled(text, lambda n: f"  s{n + 1}: {{extends: s0}}\n"))


def chain(directory):
    text = "services:\n  s0: {image: a}\n"
    save(directory, "compose.yaml", filled(text, lambda n: f"  s{n + 1}: {{extends: s{n}}}\n"))


def includes(directory):
    line = "x" * 80
    save(directory, "compose.yaml", "include:\n" + "".join(f"  - i{n}.yaml\n" for n in range(2000)))
    for number in range(2000):
        save(directory, f"i{number}.yaml", f"# {line}\nservices:\n  s{number}: {{image: a}}\n")


def include_again(directory):
    """One big file, included as often as permitted."""
    save(directory, "compose.yaml", "include:\n" + "  - big.yaml\n" * 1000)
    save(directory, "big.yaml", filled(HEAD + "    labels:\n", lambda n: f"      l{n}: a\n", size=SIZE // 8))


def env_file(directory):
    save(directory, "compose.yaml", HEAD + "    env_file: big.env\n")
    save(directory, "big.env", filled("", lambda n: f"V{n}=a\n"))


def env_file_again(directory):
    """One big file of variables, for many services."""
    save(directory, "compose.yaml", "services:\n" + "".join(
        f"  s{n}: {{image: a, env_file: big.env}}\n" for n in range(1000)))
    save(directory, "big.env", filled("", lambda n: f"V{n}=a\n", size=SIZE // 8))


def dot_env(directory):
    save(directory, "compose.yaml", HEAD)
    save(directory, ".env", filled("", lambda n: f"V{n}=${{V{n - 1}}}a\n" if n % 8 else f"V{n}=a\n"))


def environment(directory):
    save(directory, "compose.yaml", filled(HEAD + "    environment:\n", lambda n: f"      V{n}: a\n"))


def json_line(directory):
    body = ", ".join(f"\"V{n}\": \"a\"" for n in range(480_000))
    save(directory, "compose.yaml", "{\"services\": {\"a\": {\"image\": \"a\", \"environment\": {" + body + "}}}}")


def json_services(directory):
    body = ", ".join(f"\"s{n}\": {{\"image\": \"a\"}}" for n in range(290_000))
    save(directory, "compose.yaml", "{\"services\": {" + body + "}}")


def over(directory):
    save(directory, "compose.yaml", HEAD + "#" * SIZE)


def deep_default(directory):
    save(directory, "compose.yaml", HEAD + "    command: \"" + "${A:-" * 49 + "a" * (SIZE - 1000) + "}" * 49 + "\"\n")


def two_lists(directory):
    for name, first in (("compose.yaml", 0), ("compose.override.yaml", 90_000)):
        save(directory, name, HEAD + "    cap_add: [" + ", ".join(f"c{n}" for n in range(first, first + 90_000)) + "]\n")


def two_files(directory):
    save(directory, "compose.yaml", filled("services:\n", lambda n: f"  s{n}: {{image: a, tty: true}}\n", size=300_000))
    save(directory, "compose.override.yaml",
         filled("services:\n", lambda n: f"  s{n}: {{image: b}}\n", size=300_000))


def doubling_env_file(directory):
    """A file of variables that expands a hundred times, for many services."""
    save(directory, "compose.yaml", "services:\n" + "".join(
        f"  s{n}: {{image: a, env_file: m.env}}\n" for n in range(10_000)))
    save(directory, "m.env", "A=" + "a" * (30 << 10) + "\nB=" + "$A" * 10 + "\nC=" + "$B" * 10 + "\n")


def all_earlier(directory):
    """Each service depends on all services before it."""
    save(directory, "compose.yaml", "services:\n" + "".join(
        f"  s{n}: {{image: a, depends_on: [{', '.join(f's{m}' for m in range(n))}]}}\n" for n in range(500)))


KINDS = {
    "100,000 services": services(100_000),
    "services": plain("services:\n", lambda n: f"  s{n}: {{image: a}}\n"),
    "services, each with a null": plain("services:\n", lambda n: f"  s{n}:\n"),
    "most services": services(10_000),
    "environment, a mapping": environment,
    "environment, a list": plain(HEAD + "    environment:\n", lambda n: f"      - V{n}=a\n"),
    "port ranges": plain(HEAD + "    ports:\n", lambda n: '      - "1-65535"\n'),
    "port ranges of many services": plain(
        "services:\n", lambda n: f"  s{n}: {{image: a, ports: [1000-1999]}}\n", size=200_000),
    "ports": plain(HEAD + "    ports:\n", lambda n: f'      - "{n % 60000 + 1}"\n'),
    "volumes": plain(HEAD + "    volumes:\n", lambda n: f"      - /a{n}:/b{n}\n"),
    "named volumes": plain(HEAD + "volumes:\n", lambda n: f"  v{n}:\n"),
    "networks": plain(HEAD + "networks:\n", lambda n: f"  n{n}:\n"),
    "labels": plain(HEAD + "    labels:\n", lambda n: f"      l{n}: a\n"),
    "depends_on": plain(HEAD + "    depends_on:\n", lambda n: f"      - s{n}\n"),
    "command": plain(HEAD + "    command:\n", lambda n: "      - a\n"),
    "nested lists": deep,
    "nested mappings": deep_mappings,
    "a long plain scalar": repeated(HEAD + "    x-a: ", "a"),
    "a long quoted scalar": repeated(HEAD + "    x-a: \"", "\\u0041", "\"\n"),
    "a long block": repeated(HEAD + "    x-a: |\n", "      a $$\n"),
    "a long scalar of dollars": repeated(HEAD + "    command: \"", "$$", "\"\n"),
    "scalars of one dollar": plain(HEAD + "    command:\n", lambda n: "    - $A\n"),
    "a long key": repeated(HEAD + "    ? \"", "a", "\"\n    : 1\n"),
    "anchors": plain("x-a:\n", lambda n: f"  - &a{n} a\n", HEAD),
    "aliases": plain("x-a: &a a\nx-b:\n", lambda n: "  - *a\n", HEAD),
    "aliases of aliases": aliases,
    "merge keys": plain("x-a: &a {a: 1, b: 2}\nx-b:\n", lambda n: "  - {<<: *a}\n", HEAD),
    "merge keys in one mapping": repeated("x-a: &a {a: 1}\nx-b: {<<: [", "*a, ", "*a]}\n" + HEAD),
    "comments": plain(HEAD, lambda n: "#\n"),
    "comments with an error after them": plain(HEAD, lambda n: "# a\n", "    imag: a\n"),
    "duplicate keys": plain(HEAD, lambda n: "    image: a\n"),
    "a flow sequence": repeated("x-a: [", "a,", "a]\n" + HEAD),
    "empty flow sequences": repeated("x-a: [", "[],", "[]]\n" + HEAD),
    "documents": repeated(HEAD, "---\na: \n"),
    "extends of one": extends,
    "extends in a chain": chain,
    "nested interpolations": interpolations,
    "nested interpolations, closed": closed_interpolations,
    "interpolations": repeated(HEAD + "    command: \"", "${A:-a}", "\"\n"),
    "replicas": replicas,
    "a long default in fifty others": deep_default,
    "unset variables in one string": plain(HEAD + "    command: \"", lambda n: f"$V{n}", "\"\n"),
    "unset variables, within the limit": plain(
        HEAD + "    command: \"", lambda n: f"$V{n}", "\"\n", size=1_400_000),
    "variables that don't end": repeated(HEAD + "    command: \"", "${A ", "\"\n"),
    "build arguments without a value": plain(
        "services:\n  a:\n    build:\n      args:\n", lambda n: f"        V{n}:\n"),
    "services that no profile enables": plain(
        "services:\n", lambda n: f"  s{n}: {{image: a, profiles: [p]}}\n", size=380_000),
    "extends, within the limits": plain(
        "services:\n  s0: {image: a}\n", lambda n: f"  s{n + 1}: {{extends: s0}}\n", size=240_000),
    "depends_on in a chain": plain(
        "services:\n  s0: {image: a}\n", lambda n: f"  s{n + 1}: {{image: a, depends_on: [s{n}]}}\n", size=390_000),
    "resets": plain("x-a:\n", lambda n: f"  k{n}: !reset 1\n", HEAD, size=2_800_000),
    "labels that are extensions": plain(HEAD + "    labels:\n", lambda n: f"      x-{n}: a\n", size=3_000_000),
    "volumes, within the limits": plain(HEAD + "    volumes:\n", lambda n: f"      - /a{n}:/b{n}\n", size=4_000_000),
    "named volumes, within the limits": plain(HEAD + "volumes:\n", lambda n: f"  v{n}:\n", size=1_900_000),
    "depends_on, within the limits": plain(
        HEAD + "    depends_on:\n", lambda n: f"      - s{n}\n", size=2_900_000),
    "environment, a list within the limits": plain(
        HEAD + "    environment:\n", lambda n: f"      - V{n}=a\n", size=3_000_000),
    "numbers in a list of strings": plain(HEAD + "    labels:\n", lambda n: f"      - {n}\n", size=2_500_000),
    "two long lists": two_lists,
    "includes": includes,
    "an include again and again": include_again,
    "env_file": env_file,
    "env_file of many services": env_file_again,
    "env_file that expands, of many services": doubling_env_file,
    "depends_on of all earlier services": all_earlier,
    "a long scalar with many aliases": plain(
        "x-a: &a '" + "a" * (1 << 20) + "'\nx-b:\n", lambda n: "  - *a\n", HEAD, size=2_000_000),
    "a variable in a long scalar with many aliases": plain(
        "x-a: &a '$A" + "a" * (7 << 20) + "'\nx-b:\n", lambda n: "  - *a\n", HEAD, size=(7 << 20) + 100_000),
    "words of a command": repeated(HEAD + "    command: '", "a ", "'\n"),
    "empty documents": repeated("", "---\n"),
    "a long port": repeated(HEAD + "    ports: ['", ":", "']\n"),
    "a long address": repeated(HEAD + "    ports: ['[", "1:", "]:80:80']\n"),
    "a long mount": repeated(HEAD + "    volumes: ['", ":", "']\n"),
    "a long path": repeated(HEAD + "    env_file: ['", "a/", "']\n"),
    "a long hexadecimal number": repeated(HEAD + "    mem_limit: 0x", "f", "\n"),
    "a long fraction": repeated(HEAD + "    cpus: 0.", "9", "\n"),
    "a long duration": repeated(HEAD + "    stop_grace_period: '", "1s", "'\n"),
    "escapes of zero": repeated(HEAD + "    x-a: \"", "\\0", "\"\n"),
    ".env": dot_env,
    "JSON in one line": json_line,
    "JSON services": json_services,
    "an error at the end": plain("x-a:\n", lambda n: f"  k{n}: a\n", "services: [\n"),
    "an unknown key at the end": plain(HEAD + "    labels:\n", lambda n: f"      l{n}: a\n", "    imag: a\n"),
    "faults": plain("services:\n", lambda n: f"  s{n}: {{imag: a}}\n", size=SIZE),
    "faults within the limits": plain("services:\n", lambda n: f"  s{n}: {{imag: a, prots: 1, x: 1}}\n", size=300_000),
    "unset variables": plain(HEAD + "    environment:\n", lambda n: f"      V{n}: $V{n}\n", size=SIZE),
    "tags": plain("x-a:\n", lambda n: "  - !!str a\n", HEAD),
    "backslashes": repeated(HEAD + "    x-a: [\"", "\\\\", "\"]\n"),
    "zero bytes": repeated("", "\0"),
    "control characters": repeated(HEAD + "    x-a: \"", "\x7f", "\"\n"),
    "tabs": repeated("", "\t"),
    "brackets": repeated("x: ", "]"),
    "colons": repeated("", ": "),
    "dashes": repeated("", "- "),
    "questions": repeated("", "? "),
    "letters": repeated("", "a"),
    "lines of letters": repeated("", "a\n"),
    "8 MiB and more": over,
    "two files": two_files,
}
