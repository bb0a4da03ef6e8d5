# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where it listens, what it writes instead, what it may do then."""
import os
import re
import signal
import socket
import stat
import subprocess
import time

import pytest

from serving import parsed
from tracer import PATIENCE_S, binary, tcplinger
from traffic import Pair

KEPT = {2, 19, 21}  # DAC_READ_SEARCH, SYS_PTRACE, SYS_ADMIN


@pytest.mark.parametrize("address", ["", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:80",
                                     "[::1]", "[::1:80", "localhost:80", "1.2.3:80", ":-1", "[127.0.0.1]:80"])
def test_an_address_that_cannot_be_is_wrong_usage(address):
    result = tcplinger("serve", "--web.listen-address", address)
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and "[IPV6]:PORT" in result.stderr


def test_an_address_that_is_not_to_be_had_is_1():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = tcplinger("serve", "--web.listen-address", f"127.0.0.1:{port}")
    assert result.returncode == 1
    assert result.stderr == f"tcplinger: serve: cannot listen on 127.0.0.1:{port}: Address already in use\n"
    result = tcplinger("serve", "--web.listen-address", "192.0.2.1:0")
    assert result.returncode == 1 and "Cannot assign requested address" in result.stderr


@pytest.mark.parametrize("arguments", [("--by", "comm"), ("--once",), ("--json",), ("--sort", "x"), ("--limit", "3"),
                                       ("--max-series", "0"), ("--labels", "pid"),
                                       ("--textfile", "/nowhere/x.prom"), ("--textfile", "/tmp"),
                                       ("--textfile", "/tmp/x.prom", "--web.listen-address", ":0"),
                                       ("--textfile", "/tmp/x.prom", "--web.config.file", "/tmp/x")])
def test_what_means_nothing_is_wrong_usage(arguments):
    result = tcplinger("serve", *arguments)
    assert result.returncode == 2 and result.stderr.count("\n") == 1


def test_sockets_of_systemd_are_taken(make, space):
    with socket.create_server(("127.0.0.1", 0)) as handed:
        port = handed.getsockname()[1]
        os.set_inheritable(handed.fileno(), True)
        # as systemd does: descriptor 3, and the pid of who is to have it
        serve = make.serve("--web.listen-address", "127.0.0.1:0", space=space, prefix=(
            "/usr/bin/python3", "-c", f"import os, sys; os.dup2({handed.fileno()}, 3); "
            "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1'); os.execv(sys.argv[1], sys.argv[1:])"),
            pass_fds=(handed.fileno(),))
    assert [int(url[2]) for url in serve.urls][0] == port and len(serve.urls) == 2
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as connection:
        connection.sendall(b"GET /-/ready HTTP/1.0\r\n\r\n")
        assert connection.recv(100).split()[1] == b"200"


def test_what_is_handed_over_has_to_listen():
    result = subprocess.run(
        ["/bin/sh", "-c", 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" serve 3</dev/null', binary()],
        capture_output=True, text=True, timeout=PATIENCE_S)
    assert result.returncode == 2 and "descriptor 3" in result.stderr


def status(pid, key):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return re.search(rf"^{key}:\s*(\S+)", file.read(), re.MULTILINE).group(1)


def tasks(pid):
    return [int(task) for task in os.listdir(f"/proc/{pid}/task")]


@pytest.mark.parametrize("arguments", [(), ("--textfile",)], ids=["http", "textfile"])
def test_it_keeps_few_capabilities_and_is_filtered(make, space, tmp_path, arguments):
    if arguments:
        arguments = (*arguments, str(tmp_path / "x.prom"))
    serve = make.serve(*arguments, space=space)
    deadline = time.monotonic() + PATIENCE_S
    while status(serve.pid, "Seccomp") != "2" and time.monotonic() < deadline:
        time.sleep(0.01)
    for task in tasks(serve.pid):
        assert status(task, "Seccomp") == "2" and status(task, "NoNewPrivs") == "1"
        assert {bit for bit in range(64) if int(status(task, "CapEff"), 16) >> bit & 1} <= KEPT
        assert status(task, "CapPrm") == status(task, "CapEff")


def await_text(path, condition):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        text = path.read_text() if path.exists() else ""
        if condition(text):
            return text
        assert time.monotonic() < deadline, text
        time.sleep(0.05)


def test_a_text_file_is_whole_and_goes_at_the_end(make, space, client, server, tmp_path):
    path = tmp_path / "tcplinger.prom"
    serve = make.serve("--textfile", str(path), space=space)
    await_text(path, bool)
    Pair(client, server).client_closes()
    text = await_text(path, lambda text: "\ntcplinger_time_waits_total{" in text)
    assert parsed(text)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [name for name in os.listdir(tmp_path) if name.endswith(".prom")] == [path.name]
    assert serve.stop(signal.SIGTERM) == 0
    assert os.listdir(tmp_path) == []
    assert not serve.urls


def test_a_text_file_that_cannot_be_written_ends_it(make, space, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    serve = make.serve("--textfile", str(folder / "x.prom"), space=space)
    await_text(folder / "x.prom", bool)
    for name in os.listdir(folder):
        os.remove(folder / name)
    folder.rmdir()
    assert serve.process.wait(PATIENCE_S) == 1
    assert "cannot write" in serve.stderr()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(make, space, number):
    serve = make.serve(space=space)
    assert serve.stop(number) == 0


def test_a_duration_ends_it(space):
    result = tcplinger("serve", "-d", "0.2", "--web.listen-address", "127.0.0.1:0", "--netns", space.name)
    assert (result.returncode, result.stdout) == (0, "")
