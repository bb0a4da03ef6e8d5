# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What `doctor` finds: hooks, host, capabilities, kernel memory."""
import json
import os
import re
import shutil

import pytest

import spaces
import truth
from privileges import anyones_binary, as_nobody, with_capabilities  # noqa: F401
from screen import on_terminal, width
from tracer import Tracer, binary, refused, tcplinger

COLUMNS = 80
FENTRY = ["minisocket_refused", "minisocket_ended", "minisocket_rearmed", "accepted_by",
          "accepted_by_flags", "connect_ipv6", "bind_ipv4", "bind_ipv6", "stack_accept",
          "stack_accept_flags"]
TRACEPOINT = ["timewait_ended", "transitions", "transitions_missed", "stack_connect", "stack_eof"]
LISTINGS, SEARCHES = ["list_sockets", "list_holders"], ["find_time_wait"]
MAPS = ["tcplinge.rodata", "tcplinge.bss", "records", "fin_wait2", "last_calls", "stacks", "pythons",
        "stack_scratch"]
HOOKS = [*FENTRY, *TRACEPOINT]
PARTS = {*HOOKS, *LISTINGS, *SEARCHES, *MAPS}
CAPABILITIES = {"CAP_BPF", "CAP_PERFMON", "CAP_SYS_ADMIN", "CAP_SYSLOG", "CAP_SYS_PTRACE",
                "CAP_DAC_READ_SEARCH", "CAP_NET_ADMIN"}
STATES = {"untried", "missing", "refused", "silent", "fired"}
TEXT, MAYBE = str, type(None)
KEYS = {
    "host": {"kernel": (TEXT,), "bpf": (bool,), "refusal": (TEXT, MAYBE), "btf": (bool,),
             "lockdown": (TEXT, MAYBE), "rdonly_cast": (bool, MAYBE),
             "probe_reads": (bool, MAYBE), "kallsyms": (bool,), "cgroup": (TEXT, MAYBE),
             "timewait_s": (float,)},
    "hook": {"hook": (TEXT,), "kind": (TEXT,), "form": (TEXT, MAYBE), "fired": (bool, MAYBE),
             "why": (TEXT, MAYBE), "without": (TEXT, MAYBE), "functions": (dict,)},
    "capability": {"name": (TEXT,), "have": (bool,), "without": (TEXT, MAYBE)},
    "memory": {"maps": (dict, MAYBE), "ring_bytes": (int, MAYBE), "socket_bytes": (int, MAYBE)},
}


class Found:
    """The objects of a run, by type."""

    def __init__(self, result):
        assert result.returncode == 0, result.stderr
        objects = [json.loads(line) for line in result.stdout.splitlines()]
        for found in objects:
            self.check(found)
        [self.host] = [o for o in objects if o["type"] == "host"]
        [self.memory] = [o for o in objects if o["type"] == "memory"]
        self.hooks = {o["hook"]: o for o in objects if o["type"] == "hook"}
        self.capabilities = {o["name"]: o for o in objects if o["type"] == "capability"}
        assert set(self.hooks) == PARTS and set(self.capabilities) == CAPABILITIES

    @staticmethod
    def check(found):
        keys = KEYS[found["type"]]
        assert list(found) == ["type", "time", *keys]
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", found["time"])
        for key, types in keys.items():
            assert type(found[key]) in types, (found["type"], key, found[key])


def found(*arguments):
    return Found(tcplinger("doctor", "--json", *arguments))


def fits(text):
    return max(map(width, text.splitlines())) <= COLUMNS and " \n" not in text


def test_a_pipe_gets_lines_whole():
    """A paragraph is one line: what begins with eight blanks follows no other such line of its kind."""
    kinds = [line.split(":")[0] for line in tcplinger("doctor").stdout.splitlines()
             if line.startswith(" " * 8)]
    assert all(re.match(r"\s+(cost|instead|for other kernels|.+ cannot be traced here)", kind)
               for kind in kinds), kinds


def needs_bpf():
    if refused():
        pytest.skip(refused())


@pytest.mark.parametrize("arguments", [[], ["-v"], ["--hooks", "tracepoint"]], ids=str)
def test_the_text_fits_and_names_all(arguments):
    result = tcplinger("doctor", *arguments)
    assert result.returncode == 0 and fits(on_terminal(COLUMNS, "doctor", *arguments))
    for word in ["HOST", "HOOKS", "CAPABILITIES", "KERNEL MEMORY", os.uname().release,
                 *CAPABILITIES, *([] if refused() else PARTS)]:
        assert word in result.stdout, word
    if "-v" not in arguments:
        assert result.stderr == ""


def test_the_host_is_told():
    host = found().host
    assert host["kernel"] == os.uname().release
    assert host["btf"] == os.path.exists("/sys/kernel/btf/vmlinux")
    assert host["bpf"] == (refused() is None) == (host["refusal"] is None)
    assert host["timewait_s"] > 0
    with open("/proc/self/mounts", encoding="utf-8") as file:
        roots = [line.split()[1] for line in file if line.split()[2] == "cgroup2"]
    assert host["cgroup"] == (roots[0] if roots else None)


def test_each_part_has_a_kind_and_a_form():
    needs_bpf()
    hooks = found().hooks
    for names, kind, forms in ((FENTRY, "hook", ("fentry", "none")),
                               (TRACEPOINT, "hook", ("tracepoint", "none")),
                               (LISTINGS, "listing", ("iterator", "none")),
                               (SEARCHES, "search", ("syscall", "none")), (MAPS, "map", (None,))):
        for name in names:
            assert hooks[name]["kind"] == kind and hooks[name]["form"] in forms
            assert (hooks[name]["fired"] is None) == (name not in FENTRY)
            assert len(hooks[name]["functions"]) == (name in FENTRY)
    for hook in hooks.values():
        assert set(hook["functions"].values()) <= STATES
        if hook["form"] == "fentry":
            assert hook["fired"] and hook["why"] is hook["without"] is None
        if hook["without"]:
            assert hook["why"] and hook["form"] in ("none", None)


def test_the_names_are_those_that_bpftool_shows():
    needs_bpf()
    bpftool = shutil.which("bpftool") or "/usr/sbin/bpftool"
    if not os.access(bpftool, os.X_OK):
        pytest.skip("no bpftool")
    with Tracer() as tracer:
        ids = {"prog": truth.bpf_programs(tracer.pid), "map": truth.bpf_maps(tracer.pid)}
        shown = {o["name"] for kind, mine in ids.items()
                 for o in json.loads(spaces.run(bpftool, "-j", kind, "list")) if o["id"] in mine}
    assert {"transitions", "transitions_missed", "list_sockets", "records", "last_calls"} <= shown
    assert shown <= PARTS


def test_what_fentry_is_refused_for_is_said():
    needs_bpf()
    found_ = found()
    states = [s for hook in found_.hooks.values() for s in hook["functions"].values()]
    if set(states) - {"refused", "missing"}:
        pytest.skip("this host runs fentry programs")
    for name in FENTRY:
        hook = found_.hooks[name]
        assert hook["form"] == "none" and hook["fired"] is False
        assert "cannot be traced here: E" in hook["why"] or hook["why"] == "for other kernels than this"
    for name in TRACEPOINT:
        assert found_.hooks[name]["form"] == "tracepoint" and found_.hooks[name]["without"] is None
    result = tcplinger("doctor", "--hooks", "fentry")
    assert result.returncode == 0 and "cost: bind() that fails is not seen" in result.stdout
    assert result.stderr.startswith("tcplinger: --hooks fentry: ")
    assert len(result.stderr.splitlines()) == 1


def test_tracepoint_hooks_are_not_tested():
    needs_bpf()
    hooks = found("--hooks", "tracepoint").hooks
    for name in HOOKS:
        assert hooks[name]["form"] == ("tracepoint" if name in TRACEPOINT else "none")
        assert hooks[name]["fired"] is None
        assert set(hooks[name]["functions"].values()) <= {"untried"}
    assert hooks["accepted_by"]["why"] in ("--hooks tracepoint", "for other kernels than this")
    assert hooks["bind_ipv4"]["why"] == "--hooks tracepoint"


def test_the_memory_of_the_maps_is_told():
    needs_bpf()
    memory = found().memory
    assert {"records", "last_calls"} <= set(memory["maps"])
    assert memory["maps"]["records"] >= memory["ring_bytes"] >= 1 << 20
    assert memory["socket_bytes"] == 0


def test_root_lacks_nothing():
    if os.geteuid() != 0:
        pytest.skip("needs root")
    for capability in found().capabilities.values():
        assert not capability["have"] or capability["without"] is None


def test_unprivileged_it_tells_what_is_missing(anyones_binary):  # noqa: F811
    told = Found(as_nobody(anyones_binary, "doctor", "--json"))
    assert told.host["bpf"] is False and told.host["refusal"]
    assert told.host["rdonly_cast"] is told.host["probe_reads"] is None
    assert told.memory["maps"] is told.memory["ring_bytes"] is None
    for hook in told.hooks.values():
        assert hook["form"] == (None if hook["kind"] == "map" else "none")
        assert hook["fired"] is None and hook["without"]
    for name in CAPABILITIES - {"CAP_NET_ADMIN", "CAP_SYSLOG"}:
        assert told.capabilities[name]["have"] is False and told.capabilities[name]["without"]
    result = as_nobody(anyones_binary, "doctor")
    assert result.returncode == 0 and result.stderr == ""
    assert "CAP_SYS_PTRACE       missing  not seen: " in result.stdout


def without(*missing):
    """A run as root that lacks these alone."""
    all_of_them = [name[4:].lower() for name in CAPABILITIES]
    return Found(with_capabilities([c for c in all_of_them if c not in missing], binary(),
                                   "doctor", "--json"))


def test_what_another_capability_stands_for_costs_nothing():
    needs_bpf()
    told = without("bpf", "perfmon")
    assert told.host["bpf"] is True
    for name in ("CAP_BPF", "CAP_PERFMON"):
        assert told.capabilities[name]["have"] is False
        assert told.capabilities[name]["without"] is None


def test_without_addresses_TIME_WAIT_is_not_followed():
    needs_bpf()
    told = without("syslog")
    if told.host["kallsyms"]:
        pytest.skip("this host shows addresses to everybody")
    assert told.host["bpf"] is True
    for name in ("timewait_ended", "minisocket_ended"):
        assert told.hooks[name]["form"] == "none"
        assert "CAP_SYSLOG" in told.hooks[name]["why"]
        assert told.hooks[name]["without"] == told.capabilities["CAP_SYSLOG"]["without"]


@pytest.mark.parametrize("arguments", [["--once"], ["--no-bpf"], ["-p", "1"], ["--limit", "1"],
                                       ["--hooks", "kprobe"], ["stray"], ["--bogus"]], ids=" ".join)
def test_wrong_usage_is_2(arguments):
    result = tcplinger("doctor", *arguments)
    assert result.returncode == 2 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1


def test_colour_is_only_where_it_is_asked_for():
    assert "\033" not in tcplinger("doctor").stdout
    assert "\033" not in tcplinger("doctor", "--json", "--color", "always").stdout
    plain = tcplinger("doctor", "--color", "never").stdout
    colored = tcplinger("doctor", "--color", "always").stdout
    assert re.sub(r"\033\[\d+m", "", colored) == plain
