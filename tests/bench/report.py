# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the runs gave: a row for each tracer and load, the table, bench.json."""

import json
import os
import statistics

from runs import PROGRAM
from tracers import TRACERS

# What trace must write of a connection that its client closed, into TIME_WAIT: five steps of the
# client's end, four of the server's.
STEPS_PER_CONNECTION = 9


def per_operation(runs, amount):
    return statistics.median(amount(run) / run["operations"] for run in runs)


def programs_of(stats):
    """What each program took of it, the dearest first."""
    names = [key.removeprefix(PROGRAM) for key in stats[0]["usage"] if key.startswith(PROGRAM)]
    took = {name: per_operation(stats, lambda run, key=PROGRAM + name: run["usage"].get(key, 0)) for name in names}
    return dict(sorted(took.items(), key=lambda item: -item[1]))


def summarize(name, load, pairs, stats):
    kept = [pair["kept"] for pair in pairs]
    traced = [pair["traced"] for pair in pairs]
    row = {
        "tracer": name,
        "load": load,
        "kept": {"median": statistics.median(kept), "min": min(kept), "max": max(kept)},
        "untraced_per_s": statistics.median(pair["untraced"]["per_s"] for pair in pairs),
        "cpu_ns": per_operation(traced, lambda run: run["usage"]["cpu_s"] * 1e9),
        "peak_rss_kb": max(run["peak_rss_kb"] for run in traced),
        "lost": sum(run["lost"] for run in traced),
        "bpf_skipped": sum(run["usage"]["bpf_skipped"] for run in traced),
    }
    if all(run["written_bytes"] for run in traced):
        row["written_bytes"] = per_operation(traced, lambda run: run["written_bytes"])
    if stats:
        row["bpf_ns"] = per_operation(stats, lambda run: run["usage"]["bpf_ns"])
        row["bpf_runs"] = per_operation(stats, lambda run: run["usage"]["bpf_runs"])
        row["programs"] = programs_of(stats)
    if load == "churn" and all(run.get("transitions") for run in traced):
        row["transitions"] = per_operation(traced, lambda run: run["transitions"])
        row["missing"] = sum(STEPS_PER_CONNECTION * run["operations"] - run["transitions"]
                             for run in traced)
    if load == "storm" and all("reported" in run for run in traced):
        row["made"] = sum(run["operations"] for run in traced)
        row["reported"] = sum(run["reported"] for run in traced)
    return row


def summarize_all(bench):
    return [summarize(tracer.name, load, pairs, bench.stats.get(tracer.name, {}).get(load))
            for tracer in TRACERS
            for load, pairs in bench.pairs.get(tracer.name, {}).items()]


def short(number):
    """Figures that span five orders of magnitude, in few columns."""
    return f"{number:,.1f}" if abs(number) < 100 else f"{number:,.0f}"


# Title, key, form; what a row does not have is "-".
COLUMNS = (
    ("untraced/s", "untraced_per_s", "{:,.0f}".format),
    ("BPF ns", "bpf_ns", short),
    ("CPU ns", "cpu_ns", short),
    ("RSS kB", "peak_rss_kb", "{:,}".format),
    ("lost", "lost", "{:,}".format),
    ("skipped", "bpf_skipped", "{:,}".format),
    ("steps", "transitions", "{:.3f}".format),
    ("bytes", "written_bytes", short),
)


def table_cells(row):
    kept = row["kept"]
    cells = [row["tracer"], row["load"],
             f"{kept['median']:.3f} ({kept['min']:.2f}..{kept['max']:.2f})"]
    return cells + [form(row[key]) if key in row else "-" for _, key, form in COLUMNS]


def print_table(bench, rows):
    lines = [["tracer", "load", "rate kept", *(title for title, _, _ in COLUMNS)]]
    lines += [table_cells(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        left = [cell.ljust(width) for cell, width in zip(line[:3], widths)]
        right = [cell.rjust(width) for cell, width in zip(line[3:], widths[3:])]
        print("  ".join(left + right).rstrip())
    for row in rows:
        if row["load"] == "churn" and any(row.get("programs", {}).values()):
            took = ", ".join(f"{name} {short(ns)}" for name, ns in row["programs"].items() if ns >= 1)
            print(f"{row['tracer']}: of its BPF ns, {took}")
        if row.get("missing"):
            print(f"{row['tracer']}: {row['missing']:,} transitions missing over all rounds")
        if "reported" in row:
            print(f"{row['tracer']}: {row['reported']:,} of {row['made']:,} failed connects reported")
    for name, why in bench.skipped.items():
        if why != "not chosen":
            print(f"SKIP {name}: {why}")
    for name, why in bench.failed.items():
        print(f"FAIL {name}: {why}")
    print("rate kept: traced/untraced, median of pairs (least..most). BPF, CPU: time per connection,\n"
          "call, request, wait or failed connect. lost: events, by the tracer's own count. skipped:\n"
          "program runs that the kernel refused by recursion. Both are sums over all rounds. steps:\n"
          f"transitions written per connection, {STEPS_PER_CONNECTION} when none is missing.\n"
          "bytes: written to stdout, likewise for each.")


def read_refreshes(path):
    """What refresh.py has left there; None where it has not run."""
    return json.loads(path.read_text()) if path.exists() else None


def write_json(bench, rows, path):
    options = bench.options
    result = {
        "kernel": os.uname().release,
        "cpus": os.cpu_count(),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "rows": rows,
        "refresh": read_refreshes(path.with_name("bench-refresh.json")),
        "pairs": bench.pairs,
        "bpf_time_runs": bench.stats,
        "skipped": bench.skipped,
        "failed": bench.failed,
    }
    path.write_text(json.dumps(result, indent=1) + "\n")
