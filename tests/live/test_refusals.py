# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Wrong usage is 2, what the kernel or the privileges do not allow is 3: one line that names it."""
import os
import re

import pytest

from privileges import anyones_binary, as_nobody, run, with_capabilities  # noqa: F401
from tracer import binary, refused, tcplinger

BTF = "/sys/kernel/btf/vmlinux"
HIDE_BTF = "mount -t tmpfs none /sys/kernel/btf && exec \"$@\""

WRONG = {
    # arguments, the bad value that the line names, what it says is accepted
    "command": (["tarce"], "tarce", "trace"),
    "option": (["trace", "--bogus"], "--bogus", "--help"),
    "letter": (["trace", "-q"], "-q", "--help"),
    "option-of-summary": (["--bogus"], "--bogus", "--help"),
    "stray": (["trace", "stray"], "stray", "usage"),
    "state": (["trace", "--state", "TIMEWAIT"], "TIMEWAIT", "TIME_WAIT"),
    "state-in-list": (["trace", "--state", "LISTEN,,CLOSE"], "LISTEN,,CLOSE", "TIME_WAIT"),
    "state-empty": (["trace", "--state", ""], "--state", "TIME_WAIT"),
    "address": (["trace", "--laddr", "10.0.0.300"], "10.0.0.300", "10.0.0.0/8"),
    "address-name": (["trace", "--raddr", "localhost"], "localhost", "10.0.0.0/8"),
    "prefix-v4": (["trace", "--raddr", "10.0.0.0/33"], "10.0.0.0/33", "/8"),
    "prefix-v6": (["trace", "--raddr", "fd00::/129"], "fd00::/129", "/8"),
    "prefix-none": (["trace", "--raddr", "10.0.0.0/"], "10.0.0.0/", "/8"),
    "prefix-negative": (["trace", "--raddr", "10.0.0.0/-1"], "10.0.0.0/-1", "/8"),
    "address-port": (["trace", "--raddr", "[::1]:65536"], "[::1]:65536", "[::1]:80"),
    "address-bracket": (["trace", "--raddr", "[::1:80"], "[::1:80", "[::1]:80"),
    "port-65536": (["trace", "--lport", "65536"], "65536", "65535"),
    "port-0": (["trace", "--lport", "0"], "0", "65535"),
    "port-negative": (["trace", "--rport", "-1"], "-1", "65535"),
    "port-word": (["trace", "--rport", "http"], "http", "65535"),
    "port-overflow": (["trace", "--rport", "4294967376"], "4294967376", "65535"),
    "range-reversed": (["trace", "--lport", "90-80"], "90-80", "N <= M"),
    "range-open": (["trace", "--lport", "80-"], "80-", "N-M"),
    "list-empty-part": (["trace", "--lport", "80,"], "80,", "list"),
    "pid-0": (["trace", "-p", "0"], "0", "4194304"),
    "pid-negative": (["trace", "-p", "-5"], "-5", "4194304"),
    "pid-word": (["trace", "-p", "init"], "init", "4194304"),
    "pid-too-large": (["trace", "-p", "99999999999"], "99999999999", "4194304"),
    "comm-too-long": (["trace", "-c", "sixteen-bytes-xx"], "sixteen-bytes-xx", "15"),
    "cgroup-relative": (["trace", "--cgroup", "system.slice"], "system.slice", "/"),
    "cgroup-empty": (["trace", "--cgroup", ""], "--cgroup", "/"),
    "cgroup-gone": (["trace", "--cgroup", "/no-such-group"], "/no-such-group", "cgroupfs"),
    "cgroup-of-a-file": (["leaks", "--cgroup", "/cgroup.procs"], "/cgroup.procs", "cgroupfs"),
    "cgroup-elsewhere": (["leaks", "--cgroup", "/etc"], "/etc", "cgroupfs"),
    "cgroup-roundabout": (["leaks", "--cgroup", "/../etc"], "/../etc", "cgroupfs"),
    "netns-name": (["trace", "--netns", "no-such-ns"], "no-such-ns", "/run/netns"),
    "netns-path": (["trace", "--netns", "/run/netns/no-such"], "/run/netns/no-such", "path"),
    "netns-pid": (["trace", "--netns", "4194303"], "4194303", "pid"),
    "netns-other-file": (["trace", "--netns", "/etc/passwd"], "/etc/passwd", "/run/netns"),
    "netns-of-mounts": (["trace", "--netns", "/proc/self/ns/mnt"], "/proc/self/ns/mnt", "path"),
    "netns-empty": (["trace", "--netns", ""], "--netns", "/run/netns"),
    "ready-file-nowhere": (["leaks", "--ready-file", "/no-such/x"], "/no-such/x", "folder"),
    "ready-file-folder": (["leaks", "--ready-file", "/tmp"], "/tmp", "written"),
    "ready-file-empty": (["leaks", "--ready-file", ""], "--ready-file", "path"),
    "no-bpf-trace": (["trace", "--no-bpf"], "--no-bpf", "tcplinger --no-bpf"),
    "interval-0": (["trace", "-i", "0"], "0", "greater than 0"),
    "interval-negative": (["trace", "-i", "-1"], "-1", "greater than 0"),
    "interval-nan": (["trace", "-i", "nan"], "nan", "greater than 0"),
    "interval-word": (["trace", "-i", "1s"], "1s", "greater than 0"),
    "duration-0": (["trace", "-d", "0"], "0", "greater than 0"),
    "duration-inf": (["trace", "-d", "inf"], "inf", "greater than 0"),
    "hooks": (["trace", "--hooks", "kprobe"], "kprobe", "tracepoint"),
    "color": (["trace", "--color", "maybe"], "maybe", "always"),
    "argument-missing": (["trace", "--lport"], "--lport", "PORTS"),
    "argument-surplus": (["trace", "--json=yes"], "--json", ""),
    "limit-of-trace": (["trace", "--limit", "5"], "--limit", ""),
    "once-of-trace": (["trace", "--once"], "--once", ""),
    "by-of-trace": (["trace", "--by", "comm"], "--by", ""),
    "state-of-summary": (["--state", "LISTEN"], "--state", ""),
    "interval-of-summary": (["-i", "1"], "--interval", ""),
}


# what a view says of its own options, or of those that it has not: likewise, without the command
OF_LEAKS = {
    "age-word": (["--age", "x"], "x", "0"),
    "age-negative": (["--age", "-1"], "-1", "0"),
    "age-nan": (["--age", "nan"], "nan", "0"),
    "age-unit": (["--age", "5s"], "5s", "0"),
    "by": (["--by", "foo"], "foo", "pid, comm, exe, cgroup or container"),
    "by-empty": (["--by", ""], "--by", "container"),
    "sort": (["--sort", "foo"], "foo", "unread_bytes"),
    "sort-of-no-number": (["--sort", "verdict"], "verdict", "sockets"),
    "sort-empty": (["--sort", ""], "--sort", "sockets"),
    "limit-0": (["--limit", "0"], "0", "1"),
    "limit-negative": (["--limit", "-3"], "-3", "1"),
    "limit-word": (["--limit", "ten"], "ten", "1"),
    "state": (["--state", "CLOSE_WAIT"], "--state", "leaks"),
    "interval-0": (["-i", "0"], "0", "greater than 0"),
    "duration-0": (["-d", "0"], "0", "greater than 0"),
    "range-reversed": (["--lport", "2-1"], "2-1", "N <= M"),
    "netns": (["--netns", "no-such-ns"], "no-such-ns", "/run/netns"),
    "hooks": (["--hooks", "kprobe"], "kprobe", "tracepoint"),
    "stray": (["stray"], "stray", "usage"),
    "once-with-value": (["--once=1"], "--once", "no argument"),
}
SAME_AS_LEAKS = ("by", "by-empty", "sort-empty", "limit-0", "limit-negative", "limit-word",
                 "interval-0", "duration-0", "range-reversed", "netns", "hooks", "stray",
                 "once-with-value")
OF_TIMEWAIT = {
    **{name: OF_LEAKS[name] for name in SAME_AS_LEAKS},
    "sort": (["--sort", "unread_bytes"], "unread_bytes", "created_per_s"),
    "state": (["--state", "TIME_WAIT"], "--state", "timewait"),
    "age": (["--age", "5"], "--age", "timewait"),
}
OF_PORTS = {
    "age": (["--age", "1"], "--age", "ports"),
    "state": (["--state", "CLOSE_WAIT"], "--state", "ports"),
    "sort": (["--sort", "foo"], "foo", "sustainable_per_s"),
    "sort-of-no-number": (["--sort", "by_state"], "by_state", "used"),
    "limit-0": (["--limit", "0"], "0", "1"),
    "interval-0": (["-i", "0"], "0", "greater than 0"),
    "raddr": (["--raddr", "10.0.0.5:x"], "10.0.0.5:x", "ADDRESS:PORT"),
    "range-reversed": (["--rport", "2-1"], "2-1", "N <= M"),
    "netns": (["--netns", "no-such-ns"], "no-such-ns", "/run/netns"),
    "stray": (["stray"], "stray", "usage"),
}
OF_OPENING = {
    **{name: OF_LEAKS[name] for name in SAME_AS_LEAKS},
    "sort": (["--sort", "foo"], "foo", "established"),
    "sort-empty": (["--sort", ""], "--sort", "pending"),
    "sort-of-no-number": (["--sort", "handshake"], "handshake", "pending"),
    "age": (["--age", "5"], "--age", "opening"),
    "state": (["--state", "SYN_SENT"], "--state", "SYN_SENT and LISTEN"),
}
OF_CLOSING = {
    **{name: OF_LEAKS[name] for name in (*SAME_AS_LEAKS, "age-word", "age-negative")},
    "sort": (["--sort", "foo"], "foo", "unsent_bytes"),
    "state": (["--state", "CLOSING_WAIT"], "CLOSING_WAIT", "CLOSE_WAIT"),
}
OF_VIEWS = [pytest.param([view, *arguments], value, said, id=f"{view}-{name}")
            for view, wrong in (("leaks", OF_LEAKS), ("timewait", OF_TIMEWAIT), ("ports", OF_PORTS),
                                ("opening", OF_OPENING), ("closing", OF_CLOSING))
            for name, (arguments, value, said) in wrong.items()]


@pytest.mark.parametrize("arguments, value, accepted",
                         [*(pytest.param(*wrong, id=name) for name, wrong in WRONG.items()),
                          *OF_VIEWS])
def test_wrong_usage_is_2_with_one_line_naming_the_value(arguments, value, accepted):
    result = tcplinger(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    [line] = result.stderr.splitlines()
    assert line.startswith("tcplinger: ")
    assert value in line and accepted in line


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["trace", "--help"], ["trace", "-h"]])
def test_help_is_0_on_stdout(arguments):
    result = tcplinger(*arguments)
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.startswith("Usage: tcplinger")
    assert max(map(len, result.stdout.splitlines())) <= 120


TUPLES = {"--netns", "--lport", "--rport", "--laddr", "--raddr", "-4, --", "-6, --"}
PROCESSES = {"-p, --pid", "-c, --comm", "--cgroup"}
EVERY = {"-i, --interval", "-d, --duration", "--json", "--hooks", "--ready-file", "--audit",
         "--color", "-v, --verbose", "-h, --help", "--version", *TUPLES, *PROCESSES}
TABLE = {"--once", "--limit", "--sort", "--no-bpf"}
# what --help lists, and what it does not
TAKEN = {
    "diagnose": ((EVERY - {"-i, --interval", "--audit"}) | {"--limit", "--no-bpf", "--age", "--fail-on"},
                 ("--interval", "--once", "--sort", "--by", "--state", "--audit")),
    "trace": (EVERY | {"--state"}, ("--limit", "--no-bpf")),
    "leaks": (EVERY | TABLE | {"--by", "--age"}, ("--state",)),
    "timewait": (EVERY | TABLE | {"--by"}, ("--state", "--age")),
    "ports": (EVERY | TABLE | {"--by"}, ("--age", "--state")),
    "opening": (EVERY | TABLE | {"--by"}, ("--state", "--age")),
    "closing": (EVERY | TABLE | {"--by", "--age", "--state"}, ()),
}


@pytest.mark.parametrize("command", TAKEN)
def test_help_lists_every_option_that_it_takes_and_none_else(command):
    taken, not_taken = TAKEN[command]
    result = tcplinger(command, "--help")
    assert result.returncode == 0 and result.stderr == ""
    assert [option for option in taken if option not in result.stdout] == []
    assert [option for option in not_taken if option in result.stdout] == []
    assert max(map(len, result.stdout.splitlines())) <= 120


def test_version_is_0_on_stdout():
    result = tcplinger("--version")
    assert result.returncode == 0
    assert re.fullmatch(r"tcplinger \S+\n", result.stdout)


def test_forced_fentry_hooks_are_3_and_name_what_works():
    result = tcplinger("trace", "--hooks", "fentry")
    assert result.returncode == 3 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert "fentry" in result.stderr and "tracepoint" in result.stderr


def test_forced_tracepoint_hooks_work_as_auto():
    if refused():
        pytest.skip(refused())
    assert tcplinger("trace", "--hooks", "tracepoint", "-d", "0.1").returncode == 0


def refused_line(result):
    assert result.returncode == 3, result
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert "--no-bpf" in lines[0]  # the nearest thing that works
    return lines[0]


def test_trace_of_nobody_is_3_and_names_the_capabilities(anyones_binary):
    line = refused_line(as_nobody(anyones_binary, "trace"))
    assert "CAP_BPF" in line and "CAP_PERFMON" in line


def test_trace_with_CAP_BPF_alone_is_3_and_names_CAP_PERFMON(anyones_binary):
    line = refused_line(with_capabilities(["bpf"], anyones_binary, "trace"))
    assert "CAP_PERFMON" in line and "CAP_BPF" not in line


def test_trace_with_CAP_PERFMON_alone_is_3_and_names_CAP_BPF(anyones_binary):
    line = refused_line(with_capabilities(["perfmon"], anyones_binary, "trace"))
    assert "CAP_BPF" in line and "CAP_PERFMON" not in line


@pytest.mark.parametrize("capabilities", [["bpf", "perfmon"], ["bpf", "perfmon", "syslog"],
                                          ["bpf", "perfmon", "net_admin"], ["sys_admin"]],
                         ids="+".join)
def test_trace_with_few_capabilities_works_or_names_the_one_missing(anyones_binary, capabilities):
    if refused():
        pytest.skip(refused())
    result = with_capabilities(capabilities, anyones_binary, "trace", "--json", "-d", "0.2")
    if result.returncode == 3:
        assert "CAP_" in refused_line(result)
    else:
        assert result.returncode == 0
        assert result.stdout.splitlines()[-1].startswith('{"type":"loss"')


def test_trace_without_BTF_is_3_and_names_it():
    if os.geteuid() != 0:
        pytest.skip("needs root, to hide BTF in a mount namespace")
    if not os.path.exists(BTF):
        pytest.skip("this kernel has no BTF to hide")
    result = run("unshare", "-m", "sh", "-ec", HIDE_BTF, "sh", binary(), "trace")
    line = refused_line(result)
    assert "BTF" in line and "CONFIG_DEBUG_INFO_BTF" in line


@pytest.mark.parametrize("command", ["diagnose", "trace", "leaks", "timewait", "ports", "opening", "closing", "doctor"])
def test_BTF_that_is_none_is_no_crash(command):
    if os.geteuid() != 0:
        pytest.skip("needs root, to hide BTF in a mount namespace")
    if not os.path.exists(BTF):
        pytest.skip("this kernel has no BTF to hide")
    once = {"trace": (), "doctor": (), "diagnose": ("-d", "0.1")}.get(command, ("--once",))
    result = run("unshare", "-m", "sh", "-ec", f"mount --bind /etc/hostname {BTF} && exec \"$@\"", "sh",
                 binary(), command, *once)
    if command == "trace":
        assert BTF in refused_line(result)
    else:
        assert result.returncode == 0 and "libbpf" not in result.stderr
    if command not in ("trace", "doctor"):
        assert BTF in result.stderr and "going on without BPF" in result.stderr


@pytest.mark.parametrize("command, limit", [
    ("leaks", 5), ("leaks", 8), ("closing", 5), ("closing", 8),  # it loads only what lists, for which 16 are enough
    *((command, limit) for command in ("timewait", "ports", "opening", "doctor") for limit in (5, 8, 16))])
def test_few_descriptors_are_no_crash_and_named(command, limit):
    if refused():
        pytest.skip(refused())
    once = () if command == "doctor" else ("--once",)
    result = run("sh", "-ec", f"ulimit -n {limit}; exec \"$@\"", "sh", binary(), command, *once)
    assert result.returncode == 0
    if command != "doctor":
        assert f"the limit (ulimit -n) is {limit}" in result.stderr


def test_summary_works_without_BTF():
    if os.geteuid() != 0:
        pytest.skip("needs root, to hide BTF in a mount namespace")
    result = run("unshare", "-m", "sh", "-ec", HIDE_BTF, "sh", binary())
    assert result.returncode == 0 and "STATE" in result.stdout


def test_trace_without_proc_is_no_crash():
    if os.geteuid() != 0:
        pytest.skip("needs root, for a mount namespace")
    result = run("unshare", "-m", "sh", "-ec", "mount -t tmpfs none /proc && exec \"$@\"", "sh",
                 binary(), "trace", "-d", "0.2")
    assert result.returncode in (0, 3)
    assert result.stderr


@pytest.mark.parametrize("arguments", [[], ["--no-bpf"], ["--json"]])
def test_summary_works_for_nobody(anyones_binary, arguments):
    result = as_nobody(anyones_binary, *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stdout


def test_help_works_for_nobody(anyones_binary):
    assert as_nobody(anyones_binary, "trace", "--help").returncode == 0
