#!/usr/bin/env python3
"""Compares two result files of scripts/bench: compare.py OLD NEW prints changes beyond noise.

It compares the quantity of the limit: the ratio to the peer, or without a peer the figure itself. A change is noise if
it is less than twice the spreads of both runs (their root sum square), and in any case below 5 %, or 10 % if a figure
has one sample. A figure in only one file is printed, and is no error.
Exit: 0 if nothing got worse beyond noise, 1 if something did, 2 for a file that can't be read.
"""

import collections
import json
import math
import sys

from figures import kept, least

FLOOR, SINGLE_FLOOR = 0.05, 0.10


def figures(path):
    """The figures of a file in its order, by name and by their number within that name: a peer may be the faster of several."""
    found, seen = {}, collections.Counter()
    try:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                value = json.loads(line) if line.strip() else {}
                if "ours" in value:
                    found[value["name"], seen[value["name"]]] = value
                    seen[value["name"]] += 1
    except (OSError, ValueError, TypeError) as error:
        print(f"compare: {path}: {error}", file=sys.stderr)
        sys.exit(2)
    return found


def noise(old, new):
    """The largest change of a figure, relative to the old one, that is noise."""
    spreads = [value.get("spread") for value in (old, new)]
    if None in spreads:
        return SINGLE_FLOOR
    return max(FLOOR, 2 * math.hypot(*spreads))


def shown(name, old, new, change, bound):
    unit = f"of {new['peerName']}" if new.get("peer") else new["unit"]
    return f"{name}: {kept(old):.4g} -> {kept(new):.4g} {unit} ({change:+.1%}, noise {bound:.1%})"


def main():
    if len(sys.argv) != 3:
        print("usage: compare.py OLD NEW", file=sys.stderr)
        sys.exit(2)
    old, new = map(figures, sys.argv[1:])
    worse, better = [], []
    for key, value in new.items():
        if key not in old:
            continue
        change = (kept(value) - kept(old[key])) / (abs(kept(old[key])) or 1)
        bound = noise(old[key], value)
        if abs(change) > bound:
            (worse if (change < 0) == least(value) else better).append(shown(key[0], old[key], value, change, bound))
    for title, lines in (("worse", worse), ("better", better)):
        for line in lines:
            print(f"{title}: {line}")
    for title, one, other in (("only in the old file", old, new), ("only in the new file", new, old)):
        for key in one:
            if key not in other:
                print(f"{title}: {key[0]}")
    common = len(old.keys() & new.keys())
    print(f"{common} figures compared: {len(worse)} worse, {len(better)} better beyond noise")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
