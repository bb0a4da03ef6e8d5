# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What `doctor` finds: hooks, host, capabilities, kernel memory."""
import json
import os
import re

import pytest

from privileges import anyones_binary, as_nobody, with_capabilities  # noqa: F401
from tracer import binary, refused, tcplinger

COLUMNS = 80
HOOKS = ["transitions", "accept", "time_wait", "connect", "bind"]
CAPABILITIES = {"CAP_BPF", "CAP_PERFMON", "CAP_SYS_ADMIN", "CAP_SYSLOG", "CAP_SYS_PTRACE",
                "CAP_DAC_READ_SEARCH", "CAP_NET_ADMIN"}
STATES = {"untried", "missing", "refused", "silent", "fired"}
TEXT, MAYBE = str, type(None)
KEYS = {
    "host": {"kernel": (TEXT,), "bpf": (bool,), "refusal": (TEXT, MAYBE), "btf": (bool,),
             "lockdown": (TEXT, MAYBE), "rdonly_cast": (bool, MAYBE),
             "probe_reads": (bool, MAYBE), "kallsyms": (bool,), "cgroup": (TEXT, MAYBE),
             "timewait_s": (float,)},
    "hook": {"hook": (TEXT,), "form": (TEXT,), "fired": (bool, MAYBE), "why": (TEXT,),
             "without": (TEXT, MAYBE), "functions": (dict,)},
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
        assert list(self.hooks) == HOOKS and set(self.capabilities) == CAPABILITIES

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
    return max(map(len, text.splitlines())) <= COLUMNS and " \n" not in text


def needs_bpf():
    if refused():
        pytest.skip(refused())


@pytest.mark.parametrize("arguments", [[], ["-v"], ["--hooks", "tracepoint"]], ids=str)
def test_the_text_fits_and_names_all(arguments):
    result = tcplinger("doctor", *arguments)
    assert result.returncode == 0 and fits(result.stdout)
    for word in ["HOST", "HOOKS", "CAPABILITIES", "KERNEL MEMORY", os.uname().release,
                 *CAPABILITIES, *([] if refused() else HOOKS)]:
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


def test_each_hook_has_a_form_and_a_reason():
    needs_bpf()
    for name, hook in found().hooks.items():
        states = hook["functions"]
        assert set(states.values()) <= STATES
        assert hook["form"] in ("fentry", "tracepoint", "none") and hook["why"]
        assert (hook["fired"] is None) == (not states) == (name == "transitions")
        assert (hook["without"] is None) == (hook["form"] == "fentry" or name == "transitions")
        if hook["form"] == "fentry":
            assert hook["fired"] and "fired" in states.values()


def test_what_fentry_is_refused_for_is_said():
    needs_bpf()
    found_ = found()
    states = [s for hook in found_.hooks.values() for s in hook["functions"].values()]
    if set(states) - {"refused", "missing"}:
        pytest.skip("this host runs fentry programs")
    assert found_.hooks["accept"]["form"] == found_.hooks["bind"]["form"] == "none"
    assert found_.hooks["connect"]["form"] == "tracepoint"
    for name in HOOKS[1:]:
        assert found_.hooks[name]["fired"] is False
        assert "cannot be traced here: " in found_.hooks[name]["why"]
    result = tcplinger("doctor", "--hooks", "fentry")
    assert result.returncode == 0 and "cost: bind() that fails is not seen" in result.stdout
    assert result.stderr.startswith("tcplinger: --hooks fentry: ")
    assert len(result.stderr.splitlines()) == 1


def test_tracepoint_hooks_are_not_tested():
    needs_bpf()
    for name, hook in found("--hooks", "tracepoint").hooks.items():
        assert hook["form"] == ("none" if name in ("accept", "bind") else "tracepoint")
        assert hook["fired"] is None
        assert set(hook["functions"].values()) <= {"untried"}
        assert name == "transitions" or hook["why"] == "--hooks tracepoint"


def test_the_memory_of_the_maps_is_told():
    needs_bpf()
    memory = found().memory
    assert {"owners", "records", "fin_wait2"} <= set(memory["maps"])
    assert memory["maps"]["records"] >= memory["ring_bytes"] >= 1 << 20
    assert 64 < memory["socket_bytes"] < 4096


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
        assert hook["form"] == "none" and hook["fired"] is None and hook["without"]
    for name in CAPABILITIES - {"CAP_NET_ADMIN", "CAP_SYSLOG"}:
        assert told.capabilities[name]["have"] is False and told.capabilities[name]["without"]
    result = as_nobody(anyones_binary, "doctor")
    assert result.returncode == 0 and result.stderr == "" and fits(result.stdout)
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
    assert told.hooks["time_wait"]["form"] == "none"
    assert "CAP_SYSLOG" in told.hooks["time_wait"]["why"]
    assert told.hooks["time_wait"]["without"] == told.capabilities["CAP_SYSLOG"]["without"]


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
