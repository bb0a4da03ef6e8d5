# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`diagnose` as a command: what a filter leaves out is not judged, exit statuses, without BPF, as
anybody; and files of the host that set what is gone."""
import contextlib
import json
import os
import re
import subprocess
import tempfile

import pytest

from diagnosis import Diagnosis, diagnose, diagnose_status
from privileges import anyones_binary, as_nobody  # noqa: F401
from tracer import binary, tcplinger

AGE = ("--age", "0.2")
LEAKED = 3


@pytest.fixture
def leaked(space, client, server):
    """By a client that kept what the server closed: the only trouble here."""
    server("l = listen()")
    port = server("port(l)")
    client(f"kept = [connect('127.0.0.1', {port}) for _ in range({LEAKED})]")
    server("for _ in range(3): accept(l).close()")
    client("for c in kept: drain(c)")
    return port


def test_what_a_filter_leaves_out_is_not_judged(space, client, server, leaked):
    for inside in (["-p", str(client.pid)], ["--rport", str(leaked)], ["-4"],
                   ["--raddr", "127.0.0.0/8"], ["-c", "python3"]):
        found = diagnose(space, *AGE, *inside)
        assert found.evidence("close_wait_leak", "warning")["sockets"] == LEAKED, inside
    for outside in (["-p", str(server.pid)], ["--rport", "1"], ["-6"], ["-c", "nobody"]):
        assert "close_wait_leak" not in diagnose(space, *AGE, *outside).rules(), outside


def test_a_namespace_is_judged_by_its_own_settings(make, space, client, server):
    other = make.space()
    other.sysctl(tcp_tw_reuse=1, tcp_timestamps=0)
    assert "tw_reuse_useless" not in diagnose(space).rules()
    assert diagnose(other).one("tw_reuse_useless")["about"]["netns"] == other.inode


@pytest.mark.parametrize("least, status", [("info", 4), ("warning", 4), ("critical", 0), (None, 0)])
def test_fail_on(space, leaked, least, status):
    arguments = ["--fail-on", least] if least else []
    got, found, _ = diagnose_status(space, *AGE, *arguments)
    assert (got, found.end["found"]["warning"]) == (status, 1)


def test_what_is_hidden_fails_nobody(space):
    status, found, _ = diagnose_status(space, "--no-bpf", "--fail-on", "info")
    assert status == 0 and [a["rule"] for a in found.advice] == ["kernel_hides"]


@pytest.mark.parametrize("bad", ["fatal", "", "Warning!"])
def test_fail_on_what_is_no_severity(bad):
    result = tcplinger("diagnose", "--fail-on", bad)
    assert result.returncode == 2 and result.stdout == ""
    assert len(result.stderr.splitlines()) == 1 and "info, warning" in result.stderr


@pytest.mark.parametrize("option", [["--once"], ["--by", "comm"]])
def test_options_that_mean_nothing_to_it(option):
    assert tcplinger("diagnose", *option).returncode == 2


def test_without_bpf(space, client, leaked):
    """What sockets, /proc and counters tell is judged; the rest is unknown, and says why."""
    found = diagnose(space, "--no-bpf", *AGE)
    evidence = found.evidence("close_wait_leak", "warning")
    assert evidence["sockets"] == LEAKED and evidence["fds"] == len(
        os.listdir(f"/proc/{client.pid}/fd"))
    unknown = found.unknown()
    assert {"ports_near", "ports_taken_by_bind", "ports_exhausted", "short_connections",
            "dead_descriptors", "address_missing", "refused"} <= set(unknown)
    assert all(why and "\n" not in why for why in unknown.values())
    assert "time_wait_harmless" not in unknown and found.grave() == {"close_wait_leak"}


def test_a_host_without_trouble_is_told_so(space):
    result = tcplinger("diagnose", "-d", "1", "--netns", space.name, timeout=30)
    assert result.returncode == 0
    assert result.stdout.splitlines()[0].startswith("nothing is wrong"), result.stdout


def test_nobody_is_told_of_what_is_theirs(anyones_binary, space, client, leaked):  # noqa: F811
    """Sockets of others have no owner for them: who leaks is not known."""
    result = as_nobody(anyones_binary, "diagnose", "-d", "1", *AGE, "--json", inside=space)
    assert result.returncode == 0, result.stderr
    found = Diagnosis([json.loads(line) for line in result.stdout.splitlines()])
    assert found.all("kernel_hides") and found.end["unknown"]
    assert all(advice["about"]["process"] is None for advice in found.advice)


def test_a_hostile_name(make, space, server):
    """Shown, harmless, in the sentence and in what helps."""
    client = make.actor(space, comm=b"\x1b{0}\xff[")
    server("l = listen()")
    client(f"kept = [connect('127.0.0.1', {server('port(l)')}) for _ in range({LEAKED})]")
    server(f"for _ in range({LEAKED}): accept(l).close()")
    client("for c in kept: drain(c)")
    result = subprocess.run([binary(), "diagnose", "-d", "1", *AGE, "--netns", space.name],
                            capture_output=True, timeout=30, check=True)
    text = result.stdout.decode("utf-8", "strict")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "\\x1b{0}\\xff[" in text
    assert "{0}" in diagnose(space, *AGE).one("close_wait_leak")["text"]


RECYCLE = "# of 2011\nnet.ipv4.tcp_tw_reuse = 1\nnet.ipv4.tcp_tw_recycle = 1\n"


@contextlib.contextmanager
def etc(files):
    """The beginning of a command line that sees another /etc/sysctl.d, in a mount namespace."""
    with tempfile.TemporaryDirectory(prefix="tcpl-") as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="ascii") as file:
                file.write(text)
        yield ["unshare", "-m", "sh", "-c", 'mount --bind "$0" /etc/sysctl.d && exec "$@"', folder]


def test_tcp_tw_recycle_in_a_file(make, space):
    with etc({"60-tuning.conf": RECYCLE}) as prefix:
        found = make.diagnose(space=space, prefix=prefix).end()
    evidence = found.evidence("tw_recycle_gone", "info")
    assert evidence == {"file": "/etc/sysctl.d/60-tuning.conf", "line": 3}
    with etc({"60-tuning.conf": RECYCLE.replace("net.ipv4.tcp_tw_recycle", "# ...")}) as prefix:
        found = make.diagnose(space=space, prefix=prefix).end()
    assert "tw_recycle_gone" not in found.rules()


def test_files_that_cannot_be_read_are_unknown(make, space):
    """Never fine: one of them may set it."""
    with etc({}) as prefix:
        os.mkfifo(os.path.join(prefix[-1], "60-tuning.conf"))
        found = make.diagnose(space=space, prefix=prefix).end()
    assert "could not be read" in found.unknown()["tw_recycle_gone"]
