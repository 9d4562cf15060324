"""A figure as a JSON line: medians of samples, their spread, and the limit. Used by all measurements."""

import json
import os
import statistics
import sys

PAIRS = int(os.environ.get("BENCH_PAIRS", "20"))
WARM_UPS = 2

failed = []


def note(text):
    print(text, file=sys.stderr, flush=True)


def spread(samples):
    """Half the interquartile range of some samples, relative to their median; None for fewer than three."""
    if len(samples) < 3 or not statistics.median(samples):
        return None
    first, _, third = statistics.quantiles(samples, n=4, method="inclusive")
    return abs((third - first) / 2 / statistics.median(samples))


def middle(value):
    return statistics.median(value) if isinstance(value, list) else value


def kept(line):
    """The quantity that a figure's limit applies to: the ratio, not rounded, or the figure itself."""
    return line["ours"] / line["peer"] if line.get("peer") else line["ours"]


def least(line):
    """Whether more is better."""
    return bool(line.get("least")) or line["unit"] == "MB/s"


def figure(name, unit, ours, limit, peer=None, peer_name=None, least=False, count=None, digits=4, width=None, **more):
    """Prints a figure. `ours` and `peer` are numbers, or lists with a sample for each round, which give the median and
    the spread: that of the ratios of each round if both are lists, because a slow round affects both.

    The limit is the maximum of the ratio to the peer (without a peer: of the figure itself), with `least` the minimum.
    None: no limit. `width` is the spread of figures without samples, `more` is added to the line. True if the figure is
    within its limit.
    """
    samples = ours if isinstance(ours, list) else []
    if isinstance(peer, list) and len(peer) == len(samples):
        samples = [one / other for one, other in zip(samples, peer)]
    width = spread(samples) if samples else width
    ours, peer = middle(ours), middle(peer)
    ratio = None if peer is None else ours / peer
    value = ours if ratio is None else ratio
    good = limit is None or (value >= limit if least else value <= limit)
    if not good:
        failed.append(name)
    print(json.dumps({
        "name": name, "unit": unit, "ours": round(ours, digits),
        "peer": None if peer is None else round(peer, digits), "peerName": peer_name,
        "ratio": None if ratio is None else round(ratio, 3), "limit": limit, "least": least,
        "n": count or len(samples) or PAIRS, "spread": None if width is None else round(width, 4), **more,
    }, ensure_ascii=False), flush=True)
    note(f"  {'kept' if good else 'MISSED'}: {name}, {value:.3f}" + ("" if limit is None else f" of {limit}"))
    return good


def turns(contenders, prepare=lambda: None, count=PAIRS, warm_ups=WARM_UPS):
    """Runs each contender in each round, with another one first each time; a list of results for each."""
    results = {name: [] for name in contenders}
    names = list(contenders)
    for number in range(-warm_ups, count):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            prepare()
            result = contenders[name]()
            if number >= 0:
                results[name].append(result)
        note(f"  round {number + 1} of {count}" if number >= 0 else "  warm-up")
    return results


def finish():
    """Exits with 1 if a limit is missed."""
    if failed:
        sys.exit("bench: limits missed: " + "; ".join(failed))
