# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--stacks: of a program that leaks, the function that does, and not the one that does not."""
import errno
import os
import subprocess

import pytest

from actors import PYTHON
from conftest import PROGRAMS
from privileges import with_capabilities
from tracer import binary, tcplinger
from traffic import built
from views import complaints

HEALTHY, LEAKED = 3, 5
OPTIMIZED = ("-O2", "-fomit-frame-pointer")
VARIANTS = {
    "frame-pointers": ("leak.c", ("-O2", "-fno-omit-frame-pointer")),
    "no-frame-pointers": ("leak.c", OPTIMIZED),
    "inlined": ("leak.c", (*OPTIMIZED, "-DINLINED")),
    "static": ("leak.c", (*OPTIMIZED, "-static")),
    "go": ("leak.go", ()),
}
LOST = {"stack_connect": "what code connects", "stack_eof": "what code reads an end of file",
        "stacks": "--stacks tells nothing", "stack_scratch": "--stacks tells nothing"}


def names(stack):
    return [(frame["symbol"] or "").rpartition(".")[2] for frame in stack["frames"]]


def of_event(row, event):
    return [stack for stack in row["stacks"] if stack["event"] == event]


def leaks_row(view, pid, seen=lambda row: True):
    return view.wait_row(pid, lambda row: row["sockets"] == LEAKED and row["verdict"] == "leak"
                         and seen(row))


def has_both(row):
    """What is told late of a connection that is over counts as closed half a second later."""
    opened = of_event(row, "connect")
    return len(opened) == 2 and opened[1]["closed"] == HEALTHY and of_event(row, "eof")


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_function_that_leaks_is_named_and_no_other(make, space, peer, start, compiled, variant):
    source, options = VARIANTS[variant]
    path = compiled(source, *options)
    view = make.leaks("--stacks", "--age", "0.2", space=space)
    program = start(path, peer, str(HEALTHY), str(LEAKED))
    assert program.line() == "done"
    row = leaks_row(view, program.pid, has_both)
    leaky, healthy = of_event(row, "connect")
    assert (leaky["count"], leaky["opened"], leaky["closed"]) == (LEAKED, LEAKED, 0)
    assert (healthy["count"], healthy["opened"], healthy["closed"]) == (0, HEALTHY, HEALTHY)
    assert "leaky" in names(leaky) and "healthy" not in names(leaky)
    assert "healthy" in names(healthy) and "leaky" not in names(healthy)
    assert not leaky["truncated"]
    eof = of_event(row, "eof")[0]
    assert (eof["count"], eof["opened"], eof["closed"]) == (LEAKED, LEAKED, 0)
    assert "leaky" in names(eof)
    [frame] = [f for f in leaky["frames"] if (f["symbol"] or "").rpartition(".")[2] == "leaky"]
    assert os.path.basename(frame["file"]) == source and frame["line"]
    assert frame["module"] == path and frame["address"]
    assert view.stop() == 0


def test_the_text_is_the_contrast(make, space, peer, start, compiled):
    path = compiled(*("leak.c", *OPTIMIZED))
    view = make.leaks("--stacks", "--age", "0.2", space=space, json_lines=False)
    program = start(path, peer, str(HEALTHY), str(LEAKED))
    assert program.line() == "done"
    wanted = (f": {LEAKED} of {LEAKED} from here leaked, 0 closed; 0 of {HEALTHY} from another "
              "path")
    view.wait(lambda _: any(wanted in line.decode() for line in view.lines), wanted)
    [line, *_] = [line.decode() for line in view.lines if wanted in line.decode()]
    assert "opened by connect in leak.c:" in line and " leaky <- leak.c:" in line
    assert any("end of file read in leak.c:" in line.decode() for line in view.lines)


def test_python_is_named_by_what_is_on_its_stack(make, space, peer, start):
    """Debian's says nothing of its functions: two paths are told apart all the same, or are one."""
    view = make.leaks("--stacks", "--age", "0.2", space=space)
    program = start(PYTHON, os.path.join(PROGRAMS, "leak.py"), peer, str(HEALTHY), str(LEAKED))
    assert program.line() == "done"
    row = leaks_row(view, program.pid, lambda row: of_event(row, "eof"))
    opened = of_event(row, "connect")
    assert sum(stack["count"] for stack in opened) == LEAKED
    assert sum(stack["opened"] for stack in opened) == HEALTHY + LEAKED
    assert sum(stack["closed"] for stack in opened) == HEALTHY
    assert all(stack["frames"] for stack in opened)


def test_trace_has_it_where_it_connects(make, space, peer, start, compiled):
    tracer = make.tracer("--stacks", space=space)
    program = start(compiled("leak.c", *OPTIMIZED), peer, "1", "1")
    assert program.line() == "done"
    tracer.wait(lambda all_: sum(t["new"] == "SYN_SENT" for t in all_) == 2)
    begun = [t for t in tracer.transitions() if t["new"] == "SYN_SENT"]
    assert ["healthy" in names(t["stack"]) for t in begun] == [True, False]
    assert ["leaky" in names(t["stack"]) for t in begun] == [False, True]
    assert all((t["stack"]["event"], t["stack"]["count"]) == ("connect", 1) for t in begun)
    assert all(t["stack"] is None for t in tracer.transitions() if t["new"] != "SYN_SENT")


def test_without_stacks_nothing_of_it_is_loaded(make, space, peer, start, compiled):
    tracer = make.tracer(space=space)
    assert start(compiled("leak.c", *OPTIMIZED), peer, "1", "0").line() == "done"
    tracer.wait(lambda all_: all_)
    assert all(t["stack"] is None for t in tracer.transitions())
    loaded = [os.readlink(f"/proc/{tracer.pid}/fd/{fd}")
              for fd in os.listdir(f"/proc/{tracer.pid}/fd")]
    names_ = []
    for fd, target in zip(os.listdir(f"/proc/{tracer.pid}/fdinfo"), loaded):
        with open(f"/proc/{tracer.pid}/fdinfo/{fd}", encoding="utf-8") as file:
            names_ += [line for line in file if line.startswith("max_entries:")
                       and line.split()[1] == str(16 << 20)]
    assert len(names_) <= 1  # the ring of records


def test_ports_names_who_asked_for_the_port_that_was_not_there(make, space, peer, start, compiled):
    space.sysctl(ip_local_port_range="20000 20003")
    view = make.ports("--stacks", space=space)
    program = start(compiled("leak.c", *OPTIMIZED), peer, "0", str(LEAKED))
    assert program.line() == "done"
    failure = view.wait(lambda _: view.failures() and view.failures()[-1])
    [stack] = failure["stacks"]
    assert stack["event"] == "connect" and stack["count"] == failure["count"] == LEAKED - 4
    assert "leaky" in names(stack)


def test_opening_names_who_waits(make, space, client, server):
    view = make.opening("--stacks", space=space)
    server("l = listen('127.0.0.1', 5000, 0, 1)")
    client("kept = [begin('127.0.0.1', 5000) for _ in range(5)]")
    row = view.wait_refresh(lambda r: next(
        (row for row in r.rows if row["type"] == "opening" and row["pending"] == 3
         and row["stacks"]), None))
    assert sum(stack["count"] for stack in row["stacks"]) == 3
    assert {stack["event"] for stack in row["stacks"]} == {"connect"}


def test_flame_graphs(make, space, peer, start, compiled, tmp_path):
    path = str(tmp_path / "folded")
    view = make.leaks("--stacks", "--folded", path, "--age", "0.2", space=space)
    program = start(compiled("leak.c", *OPTIMIZED), peer, str(HEALTHY), str(LEAKED))
    assert program.line() == "done"
    leaks_row(view, program.pid, has_both)
    assert view.stop() == 0
    with open(path, encoding="utf-8") as file:
        [line] = file.read().splitlines()
    frames, _, count = line.rpartition(" ")
    assert count == str(LEAKED)
    assert frames.split(";")[0].startswith("leak") and "leaky;dial" in frames
    assert "healthy" not in frames


def test_of_a_process_that_is_gone_at_once_something_is_known(make, space, peer, compiled):
    tracer = make.tracer("--stacks", space=space)
    path = compiled("leak.c", *OPTIMIZED)
    for _ in range(10):
        subprocess.run(space.enter(path, peer, "0", "1"), check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, timeout=30)
    tracer.wait(lambda all_: sum(t["new"] == "SYN_SENT" for t in all_) == 10)
    begun = [t for t in tracer.transitions() if t["new"] == "SYN_SENT"]
    assert all(t["stack"] and t["stack"]["frames"] for t in begun)
    for t in begun:
        assert "leaky" in names(t["stack"]) or t["stack"]["truncated"]


def test_many_paths_are_told_apart(make, space, peer, start, compiled):
    paths = 500
    tracer = make.tracer("--stacks", space=space)
    assert start(compiled("paths.c", "-O1"), peer, str(paths)).line(60) == "done"
    tracer.wait(lambda all_: sum(t["new"] == "SYN_SENT" for t in all_) == paths, limit=60)
    begun = [t for t in tracer.transitions() if t["new"] == "SYN_SENT"]
    told = [t["stack"] for t in begun if t["stack"]]
    distinct = {tuple(f["address"] for f in stack["frames"]) for stack in told}
    assert len(distinct) == len(told)
    assert tracer.stop() == 0
    [loss] = [o for o in tracer.poll() if o["type"] == "loss"][-1:]
    assert loss["ring_full"] == 0 and loss["relists"] == 0


@pytest.mark.parametrize("part", LOST)
def test_what_is_refused_costs_only_what_it_was_for(make, space, peer, start, compiled, part):
    host = ("env", "LD_PRELOAD=" + built("refuse.so"), "REFUSE=" + part,
            f"REFUSE_ERRNO={errno.EPERM}")
    view = make.leaks("--stacks", "--age", "0.2", space=space, prefix=host)
    program = start(compiled("leak.c", *OPTIMIZED), peer, str(HEALTHY), str(LEAKED))
    assert program.line() == "done"
    lost = {"stack_connect": {"connect"}, "stack_eof": {"eof"}}.get(part, {"connect", "eof"})
    left = {"connect", "eof"} - lost
    row = leaks_row(view, program.pid,
                    lambda row: {stack["event"] for stack in row["stacks"]} == left)
    assert row["sockets"] == LEAKED
    assert view.stop() == 0
    [said] = complaints(view.stderr())
    assert part in said and "EPERM" in said and LOST[part] in said


def test_missing_privileges_are_said(space):
    result = with_capabilities(["bpf", "perfmon", "sys_admin", "syslog"], binary(), "leaks",
                               "--stacks", "-d", "0.1", "--netns", space.path)
    assert result.returncode == 0
    assert "functions in other processes' stacks (CAP_SYS_PTRACE)" in result.stderr
    assert "stacks of other users' processes (CAP_DAC_READ_SEARCH)" in result.stderr


@pytest.mark.parametrize("command", ["trace", "leaks", "ports", "opening"])
def test_wrong_usage(command, tmp_path):
    for arguments, word in ((["--folded", str(tmp_path / "f")], "--stacks"),
                            (["--stacks", "--folded", "/no-such/x"], "/no-such/x"),
                            (["--stacks", "--folded", str(tmp_path)], str(tmp_path)),
                            (["--stacks", "--no-bpf"], "--no-bpf")):
        result = tcplinger(command, *arguments)
        assert result.returncode == 2, arguments
        assert word in result.stderr and result.stderr.count("\n") == 1
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("command", ["timewait", "closing", "doctor"])
def test_elsewhere_it_means_nothing(command):
    result = tcplinger(command, "--stacks")
    assert result.returncode == 2 and "--stacks" in result.stderr
