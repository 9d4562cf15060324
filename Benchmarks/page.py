#!/usr/bin/env python3
"""Writes docs/reference/performance.md and docs/reference/performance.svg from the output of a run of scripts/bench.

page.py RESULTS [--check]: --check writes nothing, and exits with 1 if the page or the plot differs.
"""

import json
import os
import sys
from xml.sax.saxutils import escape

from figures import kept, least

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs/reference")
PLOT = "performance.svg"

PAGE = """# Performance

Results of `make bench`: {run}. Each figure is measured in alternation with its peer, on the same private engine. This page and its plot
are generated: `Benchmarks/page.py RESULTS` writes them from the output of a run. The last output is `Benchmarks/last.jsonl`.

| | |
| --- | --- |
{machine}

`make bench BENCH="ends leaked"` runs parts (listed in `scripts/bench`). `BENCH_PAIRS=3` shortens a run.
`Benchmarks/compare.py OLD NEW` prints changes larger than the noise, and exits with 1 if a figure became worse.

## Ratios to the peer

A value below 1.0 means less time or memory than the peer. For a speed, the plot shows the inverse. The tick is the limit: a red bar misses it, a
gray bar has no limit. Bars longer than the plot are truncated.

![Ratios to the peers, and their limits]({plot})

## Figures

Each figure is the median of its samples. The limit applies to the ratio if there is a peer, else to the figure. The spread is half the
interquartile range relative to the median; with a peer, of the ratios of each round.

| figure | this project | peer | ratio | limit | met | spread | samples |
| --- | --- | --- | --- | --- | --- | --- | --- |
{figures}
"""
MACHINE = (("processor", "processor"), ("cores", "cores"), ("memoryGiB", "memory, GiB"), ("kernel", "Linux"),
           ("engine", "Docker Engine"), ("runtime", "runc"), ("commit", "commit"), ("rounds", "rounds, at most"))


def met(value):
    """Whether the limit is met; None without a limit."""
    if value.get("limit") is None:
        return None
    return kept(value) >= value["limit"] if least(value) else kept(value) <= value["limit"]


def number(value):
    """A number with three digits, or all digits of a large one."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def cell(text):
    return str(text).replace("|", "\\|")


def row(value):
    limit = value.get("limit")
    bound = "≥" if least(value) else "≤"
    peer = f"{number(value['peer'])} {value['unit']}: {value['peerName']}" if value.get("peer") else ""
    spread = value.get("spread")
    return "| " + " | ".join(map(cell, (
        value["name"], f"{number(value['ours'])} {value['unit']}", peer, number(kept(value)) if peer else "",
        "" if limit is None else f"{bound} {number(limit)}", {True: "yes", False: "**no**", None: ""}[met(value)],
        "" if spread is None else f"{spread:.1%}", value["n"]))) + " |"


LABELS, WIDTH, VALUES, ROW, TOP, MOST = 560, 360, 60, 22, 30, 1.5


def plot(values):
    """Horizontal bars. If more is better, the inverse: a shorter bar is always better."""
    drawn = []
    for value in values:
        if not value.get("peer") or not kept(value):
            continue
        share, limit = kept(value), value.get("limit")
        if least(value):
            share, limit = 1 / share, limit and 1 / limit
        drawn.append((value, share, limit))
    height = TOP + ROW * len(drawn) + 10
    scale = WIDTH / MOST
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABELS + WIDTH + VALUES}" height="{height}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for mark in (0, 0.5, 1, 1.5):
        x = LABELS + mark * scale
        lines.append(f'<line x1="{x:.1f}" y1="{TOP - 8}" x2="{x:.1f}" y2="{height - 8}" '
                     f'stroke="{"#555555" if mark == 1 else "#dddddd"}"/>')
        lines.append(f'<text x="{x:.1f}" y="{TOP - 12}" text-anchor="middle" fill="#555555">{mark:g}</text>')
    for index, (value, share, limit) in enumerate(drawn):
        y = TOP + index * ROW
        color = {True: "#4a7fb5", False: "#c0392b", None: "#aaaaaa"}[met(value)]
        label = f"{value['name']} / {value['peerName']}"
        if len(label) > 96:
            label = label[:95] + "…"
        lines.append(f'<text x="{LABELS - 8}" y="{y + 13}" text-anchor="end" fill="#222222">{escape(label)}</text>')
        lines.append(f'<rect x="{LABELS}" y="{y + 3}" width="{min(share, MOST) * scale:.1f}" height="{ROW - 8}" '
                     f'fill="{color}"/>')
        if limit is not None and limit <= MOST:
            x = LABELS + limit * scale
            lines.append(f'<line x1="{x:.1f}" y1="{y}" x2="{x:.1f}" y2="{y + ROW - 2}" stroke="#000000" stroke-width="2"/>')
        lines.append(f'<text x="{LABELS + WIDTH + 8}" y="{y + 13}" fill="#222222">{share:.2f}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def main():
    arguments = [argument for argument in sys.argv[1:] if argument != "--check"]
    if len(arguments) != 1:
        sys.exit("usage: page.py RESULTS [--check]")
    with open(arguments[0], encoding="utf-8") as lines:
        values = [json.loads(line) for line in lines if line.strip()]
    machine = next((value["machine"] for value in values if "machine" in value), {})
    figures = [value for value in values if "ours" in value]
    parts = machine.get("parts")
    run = f"a run of parts ({', '.join(parts)})" if parts else "the last full run"
    made = {"performance.md": PAGE.format(
        run=run,
        machine="\n".join(f"| {name} | {cell(machine[key])} |" for key, name in MACHINE if machine.get(key)),
        plot=PLOT, figures="\n".join(map(row, figures))), PLOT: plot(figures)}
    for name, text in made.items():
        path = os.path.join(DOCS, name)
        if "--check" not in sys.argv:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            continue
        with open(path, encoding="utf-8") as file:
            if file.read() != text:
                sys.exit(f"docs/reference/{name} is stale: run Benchmarks/page.py {arguments[0]}")


if __name__ == "__main__":
    main()
