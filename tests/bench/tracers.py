# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tracers whose cost is measured, and how each says what it lost."""

import dataclasses
import json
import os
import re
import signal
import sys

ON_TERMINAL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "on_terminal.py")
FAILURE_KEYS = ("owner", "raddr", "rport", "cause")
LOSS_KEYS = ("ring_full", "skipped", "map_full", "no_memory", "refused")


class BenchError(Exception):
    """A run that gives no number; its text says why."""


@dataclasses.dataclass(frozen=True)
class Tracer:
    """How to run one tracer, and how to ask it what it lost.

    ready: "file" (it creates {ready}), "output" (it prints), "link" (it holds a BPF link), "start".
    drain: seconds that it may need after the load to report what it knows.
    """

    name: str
    command: tuple
    ready: str
    losses: callable
    keep_output: bool = True
    needs_tracefs: bool = False
    stop: int = signal.SIGTERM
    drain: float = 0.5


def losses_from_stderr(run, _namespace):
    """libbpf-tools and the text views say it on stderr: "lost N events"."""
    return {"lost": sum(int(n) for n in re.findall(r"\blost (\d+)", run.stderr(), re.IGNORECASE))}


def losses_from_json(run, namespace):
    """The last loss object; transitions and failed connects of the load's namespace, if any."""
    loss, steps, failures = None, {}, {}
    for record in run.output_records():
        kind = record.get("type")
        if kind == "loss":
            loss = record
        elif kind == "transition" and record["netns"] == namespace.inode:
            step = f"{record['old']}>{record['new']}"
            steps[step] = steps.get(step, 0) + 1
        elif kind == "port_failure" and record["netns"] == namespace.inode:
            # Cumulative: the last one counts.
            failures[json.dumps([record[key] for key in FAILURE_KEYS])] = record["count"]
    if loss is None:
        raise BenchError("no loss object in its output")
    # A listener's own steps belong to no connection, and whether a TIME_WAIT ends within the run
    # is chance: on a busy machine a late packet is answered with a reset.
    made = sum(count for step, count in steps.items()
               if "LISTEN" not in step and not step.startswith("TIME_WAIT>"))
    lost = sum(loss[key] for key in LOSS_KEYS)
    return {"lost": lost, "loss": loss, "steps": steps, "transitions": made,
            "reported": sum(failures.values())}


def tcplinger(name, *arguments, losses=losses_from_json):
    """A view of tcplinger; what it learns from a refresh comes an interval late."""
    command = ("{build}/tcplinger", *arguments, "--ready-file", "{ready}")
    return Tracer(name, command, "file", losses, drain=1.5)


def libbpf_tool(name):
    """A tool of Debian's libbpf-tools: its output costs it least in /dev/null."""
    return Tracer(name, (name,), "link", losses_from_stderr, keep_output=False,
                  needs_tracefs=True, stop=signal.SIGINT)


# What an operator would type: how many transitions into each state.
COUNTING = ("BEGIN { printf(\"ready\\n\"); } "
            "tracepoint:sock:inet_sock_set_state { @[args->newstate] = count(); }")

TRACERS = (
    # Untraced against untraced: what the machine's own noise makes of a ratio.
    Tracer("nothing", ("sleep", "900"), "start", losses_from_stderr),
    Tracer("floor", ("{build}/tests/floor", "{build}/tests/floor.bpf.o"), "output",
           losses_from_stderr),
    tcplinger("trace --json", "trace", "--json"),
    tcplinger("trace", "trace", losses=losses_from_stderr),
    tcplinger("leaks", "leaks", "--json"),
    tcplinger("trace --stacks", "trace", "--json", "--stacks"),
    tcplinger("leaks --stacks", "leaks", "--json", "--stacks"),
    tcplinger("closing", "closing", "--json"),
    tcplinger("timewait", "timewait", "--json"),
    tcplinger("ports", "ports", "--json"),
    tcplinger("record", "record", "-o", "-", losses=losses_from_stderr),
    # as text, on one stream; and all of it on a terminal
    Tracer("three views", ("{build}/tests/together", "leaks=/dev/null", "timewait=/dev/null",
                           "ports=/dev/null", "leaks", "--ready-file", "{ready}"), "file",
           losses_from_stderr, drain=1.5),
    Tracer("top", (sys.executable, ON_TERMINAL, "{build}/tcplinger", "top", "--ready-file",
                   "{ready}"), "file", losses_from_stderr, drain=1.5),
    Tracer("bpftrace", ("bpftrace", "-B", "line", "-e", COUNTING), "output", losses_from_stderr,
           needs_tracefs=True, stop=signal.SIGINT),
    libbpf_tool("tcplife"),
    libbpf_tool("tcpstates"),
)
