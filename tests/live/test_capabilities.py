# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The least set of capabilities, what each is for, and what is left of them once all is attached."""
import json
import os
import re
import shutil
import signal
import time

import pytest

import closewait
from leaksview import refreshes
from portsview import destinations
from privileges import anyones_binary, as_nobody, run, with_capabilities  # noqa: F401
from timewaits import total
from tracer import PATIENCE_S, binary, refused
from traffic import Pair, churn

# with these every command sees all that there is; CAP_SYS_ADMIN would stand for the first two
ALL = ["bpf", "perfmon", "sys_admin", "sys_ptrace", "dac_read_search", "syslog", "net_admin"]
NUMBERS = {"net_admin": 12, "dac_read_search": 2, "sys_ptrace": 19, "sys_admin": 21}
LISTING = {"sys_admin", "sys_ptrace", "dac_read_search"}
COMMANDS = {
    "trace": ["trace", "-d", "0.1"],
    "leaks": ["leaks", "--once"],
    "timewait": ["timewait", "-d", "0.1"],
    "ports": ["ports", "--once"],
    "opening": ["opening", "-d", "0.1"],
    "closing": ["closing", "--once"],
    "diagnose": ["diagnose", "-d", "0.1"],
    "serve": ["serve", "-d", "0.1", "--web.listen-address", "127.0.0.1:0"],
    "summary": [],
    "leaks-no-bpf": ["leaks", "--once", "--no-bpf"],
}
UNTRACED = ("summary", "leaks-no-bpf")
PTRACE = ("not seen: executables of other processes, what their threads wait in, their unnamed "
          "network namespaces (CAP_SYS_PTRACE)")
PTRACE_DIAG = ("not seen: owners of other processes' sockets, their unnamed network namespaces "
               "(CAP_SYS_PTRACE)")
SEARCH = ("not seen: descriptor counts of other users' processes, their system calls, cgroups of "
          "ended ones (CAP_DAC_READ_SEARCH)")
SEARCH_DIAG = "not seen: owners of other users' sockets (CAP_DAC_READ_SEARCH)"
ADMIN = "not seen: what exists in that network namespace (CAP_SYS_ADMIN)"
ADMIN_DIAG = "cannot enter that network namespace: that needs CAP_SYS_ADMIN"
SYSLOG = ("TIME_WAIT is not followed: /proc/kallsyms shows no addresses (that needs CAP_SYSLOG); "
          "who left one and how it ends is not shown")
SYSLOG_TIMEWAIT = ("TIME_WAIT is not followed: /proc/kallsyms shows no addresses (that needs "
                   "CAP_SYSLOG); going on without BPF: owners are not known, nor who closed, nor "
                   "how they end")


@pytest.fixture(autouse=True)
def needs():
    if os.geteuid() != 0:
        pytest.skip("needs root, to drop privileges from")
    if refused():
        pytest.skip(refused())


def without(*capabilities):
    return [c for c in ALL if c not in capabilities]


def said(stderr):
    """Its complaints, without the line of losses that a run ends with, and where serve is found."""
    return [line.removeprefix("tcplinger: ") for line in stderr.splitlines()
            if not re.search(r" shown, lost \d+ records?|^tcplinger: http://", line)]


def need_few():
    """Before 6.2 CAP_BPF and CAP_PERFMON are not enough to trace."""
    if with_capabilities(["bpf", "perfmon"], binary(), "trace", "-d", "0.01").returncode:
        pytest.skip("this kernel takes CAP_SYS_ADMIN to trace")


def check(name, space, capabilities, status, lines):
    result = with_capabilities(capabilities, binary(), *COMMANDS[name], "--netns", space.path)
    assert (result.returncode, said(result.stderr)) == (status, lines), name


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("missing", [[], ["bpf"], ["perfmon"], ["bpf", "perfmon"]], ids="-".join)
def test_the_least_set_loses_nothing(space, name, missing):
    """CAP_SYS_ADMIN, which other namespaces take, stands for CAP_BPF and CAP_PERFMON."""
    check(name, space, without(*missing), 0, [])


@pytest.mark.parametrize("name", COMMANDS)
def test_without_CAP_SYS_PTRACE(space, name):
    check(name, space, without("sys_ptrace"), 0, [PTRACE_DIAG if name in UNTRACED else PTRACE])


@pytest.mark.parametrize("name", COMMANDS)
def test_without_CAP_DAC_READ_SEARCH(space, name):
    check(name, space, without("dac_read_search"), 0,
          [SEARCH_DIAG if name in UNTRACED else SEARCH])


@pytest.mark.parametrize("name", COMMANDS)
def test_without_CAP_SYSLOG(space, name):
    lines = {"diagnose": [SYSLOG], "trace": [SYSLOG], "ports": [SYSLOG], "timewait": [SYSLOG_TIMEWAIT],
             "serve": [SYSLOG]}
    check(name, space, without("syslog"), 0, lines.get(name, []))


@pytest.mark.parametrize("name", COMMANDS)
def test_without_CAP_SYS_ADMIN(space, name):
    if name not in UNTRACED:
        need_few()
        check(name, space, without("sys_admin"), 0, [ADMIN])
    else:
        prefix = "leaks: " if name == "leaks-no-bpf" else ""
        check(name, space, without("sys_admin"), 3, [prefix + ADMIN_DIAG])


def test_without_CAP_SYS_ADMIN_its_own_namespace_is_whole(space, client, server):
    need_few()
    closewait.leak(space, client, server)
    result = run(*space.enter("setpriv", "--bounding-set", "-all,+bpf,+perfmon,+sys_ptrace,"
                              "+dac_read_search,+syslog", binary(), "leaks", "--once", "--age", "0", "--json",
                              "--netns", space.path))
    assert (result.returncode, said(result.stderr)) == (0, [])
    [refresh] = refreshes([json.loads(line) for line in result.stdout.splitlines()])
    assert refresh.of(server.pid)["verdict"] == "leak" and refresh.of(server.pid)["fds"]


@pytest.mark.parametrize("name", COMMANDS)
def test_without_CAP_NET_ADMIN(space, name):
    """Old kernels tell of kTLS and MPTCP only those who have it: only sock_diag's reader asks."""
    result = with_capabilities(without("net_admin"), binary(), *COMMANDS[name], "--netns",
                               space.path)
    assert result.returncode == 0
    lines = [["not seen: kTLS and MPTCP (CAP_NET_ADMIN)"], []]
    assert said(result.stderr) in (lines if name in UNTRACED else [[]])


@pytest.mark.parametrize("capability", ["bpf", "perfmon"])
@pytest.mark.parametrize("arguments, status", [
    (["trace"], 3), (["leaks", "--once", "--hooks", "tracepoint"], 3),
    (["leaks", "--once"], 0), (["ports", "--once"], 0), (["timewait", "-d", "0.1"], 0), ([], 0)],
    ids=["trace", "forced", "leaks", "ports", "timewait", "summary"])
def test_BPF_and_PERFMON_are_needed_where_SYS_ADMIN_is_not_there(space, capability, arguments,
                                                                status):
    few = without("sys_admin", capability)
    result = with_capabilities(few, binary(), *arguments, inside=space)
    assert result.returncode == status
    named = f"tracing needs CAP_{capability.upper()}, which this process lacks"
    [line] = said(result.stderr) or [""]
    assert (named in line) == bool(arguments)
    assert ("going on without BPF" in line) == (status == 0 and bool(arguments))


def test_without_CAP_SYSLOG_the_TIME_WAITs_that_exist_are_shown(make, space, client, server):
    """Listed at each refresh: BPF would show those that exist only when all is listed again."""
    waits = make.timewaits(space=space, prefix=limited(without("syslog")))
    Pair(client, server).client_closes()
    waits.wait_refresh(lambda refresh: total(refresh, "sockets") == 1)
    assert waits.stop() == 0 and said(waits.stderr()) == [SYSLOG_TIMEWAIT]


def limited(capabilities, uid=None):
    """The beginning of a command line that runs it with these capabilities and no others."""
    wanted = "-all" + "".join(",+" + c for c in capabilities)
    prefix = ["setpriv", "--bounding-set", wanted, "--inh-caps", wanted]
    if uid:
        prefix += ["--reuid", str(uid), "--regid", str(uid), "--clear-groups", "--ambient-caps",
                   wanted]
    return prefix


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)


def mask(capabilities):
    return sum(1 << NUMBERS[c] for c in capabilities)


def await_seccomp_filter(pid):
    """The last of what it gives up, right after it said that it is ready."""
    deadline = time.monotonic() + PATIENCE_S
    while status_of(pid)["Seccomp"] != "2":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert status_of(pid)["NoNewPrivs"] == "1"
    return status_of(pid)


def open_for_writing(pid):
    """Files, by descriptor; what has no name in the file system is no file. Some come and go."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            path = os.readlink(f"/proc/{pid}/fd/{fd}")
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="ascii") as file:
                flags = int(re.search(r"^flags:\s*(\d+)", file.read(), re.MULTILINE)[1], 8)
        except FileNotFoundError:
            continue
        if path.startswith("/") and flags & os.O_ACCMODE != os.O_RDONLY:
            found[int(fd)] = path
    return found


def await_drop(pid, capabilities):
    """CAP_NET_ADMIN is kept by the reader of sock_diag, where the kernel is old."""
    status = await_seccomp_filter(pid)
    for kind in ("CapPrm", "CapEff", "CapBnd"):
        assert int(status[kind], 16) & ~mask(["net_admin"]) == mask(capabilities), kind
    assert int(status["CapInh"], 16) == int(status["CapAmb"], 16) == 0


@pytest.mark.parametrize("kind", ["tracer", "leaks", "timewaits", "ports", "opening", "closing"])
def test_what_is_kept_is_what_listing_takes(make, space, kind):
    view = getattr(make, kind)(space=space)
    await_drop(view.pid, LISTING)
    assert set(open_for_writing(view.pid)) <= {0, 1, 2}
    assert view.stop() == 0
    assert said(view.stderr()) == []


def test_own_namespace_is_listed_without_CAP_SYS_ADMIN(make, space, client, server):
    leaks = make.leaks("--age", "0.3", space=space, prefix=space.enter())
    await_drop(leaks.pid, LISTING - {"sys_admin"})
    closewait.leak(space, client, server)
    row = leaks.wait_row(server.pid, lambda r: r["verdict"] == "leak")
    assert row["connections"][0]["holders"][0]["pid"] == server.pid
    assert row["process"]["exe"] and row["fds"]


def test_what_was_never_there_is_not_kept(make, space):
    leaks = make.leaks("--no-bpf", prefix=limited(["sys_ptrace", "syslog"]))
    status = await_seccomp_filter(leaks.pid)
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == mask(["sys_ptrace"])


def test_leaks_of_another_namespace_and_holder_are_found_after_it(make, space, client, server,
                                                                  source):
    leaks = make.leaks("--age", "0.3", *source, space=space)
    await_drop(leaks.pid, LISTING)
    closewait.stall(space, client, server)
    server("w = Child(''); s.close(); kept.remove(s)")
    child = server("w.pid")
    row = leaks.wait_row(child, lambda r: r["verdict"] == "stall" and r["evidence"]["threads"])
    assert row["process"]["exe"] and row["fds"] and row["evidence"]["syscall"]
    server("w.release(); w.stop()")


def test_namespace_that_is_made_after_it_is_entered(make):
    leaks = make.leaks("--age", "0.3", "--no-bpf")
    await_drop(leaks.pid, LISTING)
    space = make.space()
    client, server = make.actor(space), make.actor(space)
    closewait.leak(space, client, server)
    assert leaks.wait_row(server.pid)["connections"][0]["netns"] == space.inode


def test_ports_lists_again_after_it(make, space, client, server):
    """What bind() takes is only listed."""
    space.sysctl(ip_local_port_range="40000 40019")
    server("l = listen('127.0.0.1', 5000)")
    client("kept = [connect('127.0.0.1', 5000)]")
    ports = make.ports(space=space)
    await_drop(ports.pid, LISTING)
    client("b = make(); b.bind(('127.0.0.1', 40010))")
    ports.wait_refresh(lambda r: [d for d in destinations(r) if d["blocked_by_bind"] == 1])


@pytest.mark.alone
def test_a_loss_after_it_is_healed(make, space, load_program):
    tracer = make.tracer("--state", "LISTEN", space=space)
    await_drop(tracer.pid, LISTING)
    os.kill(tracer.pid, signal.SIGSTOP)
    churn(space, load_program, 20000)
    os.kill(tracer.pid, signal.SIGCONT)
    tracer.wait(lambda _: [o for o in tracer.objects if o["type"] == "loss" and o["relists"]],
                "a relist")
    assert tracer.objects[-1]["ring_full"]
    assert tracer.stop() == 0
    assert said(tracer.stderr()) == []


@pytest.mark.parametrize("given", ["ambient", "setcap"])
def test_a_user_with_the_least_set_sees_everything(anyones_binary, space, client, server, given):
    server("os.setgroups([]); os.setgid(1); os.setuid(1); libc.prctl(4, 1, 0, 0, 0)")
    closewait.stall(space, client, server)
    command = [anyones_binary, "leaks", "--json", "-i", "0.1", "-d", "0.3", "--age", "0",
               "--netns", space.path]
    if given == "ambient":
        result = run(*limited(without("net_admin"), uid=65534), *command)
    else:
        if not shutil.which("setcap"):
            pytest.skip("no setcap (libcap2-bin)")
        run("setcap", ",".join("cap_" + c for c in without("net_admin")) + "=ep", anyones_binary)
        result = as_nobody(*command)
    assert (result.returncode, said(result.stderr)) == (0, [])
    last = refreshes([json.loads(line) for line in result.stdout.splitlines()])[-1]
    row = last.of(server.pid)
    assert row["verdict"] == "stall" and row["fds"] and row["process"]["exe"]
    assert row["evidence"]["syscall"]
