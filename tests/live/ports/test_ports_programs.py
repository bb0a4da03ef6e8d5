# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs as they are out there that run out of ports, and the way out."""
import os
import shutil
import subprocess
import time

import pytest

from portsview import PORT, check_sums, destinations
from tracer import refused

LOW, SUPPLY = 20000, 50
FRONT = 5080
BACKEND = """
    server {
        listen 127.0.0.1:%d;
        keepalive_requests 1000000;
        location / { return 200 "ok"; }
    }"""
PROXY = """
    upstream backend {
        server 127.0.0.1:%d max_fails=0;
        %s
    }
    server {
        listen 127.0.0.1:%d reuseport;
        location / {
            proxy_pass http://backend;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }
    }"""
NGINX = """
daemon off;
master_process off;
pid %s/nginx.pid;
error_log %s/error.log;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path %s; proxy_temp_path %s; fastcgi_temp_path %s; uwsgi_temp_path %s;
    scgi_temp_path %s;
    %s
}
"""


@pytest.fixture
def programs(space):
    """programs(command line): a process in the space, ended afterwards."""
    begun = []

    def begin(*command):
        if not shutil.which(command[0]):
            pytest.skip(f"{command[0]} is not installed")
        begun.append(subprocess.Popen(space.enter(*command), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return begun[-1].pid  # nsenter executes: the pid is the program's own
    yield begin
    for process in begun:
        process.kill()
        process.wait()


def run(space, *command):
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    return subprocess.run(space.enter(*command), capture_output=True, text=True, timeout=30)


def await_listener(space, port):
    deadline = time.monotonic() + 10
    while not space.run("ss", "-Htln", "sport", "=", str(port)):
        assert time.monotonic() < deadline, port
        time.sleep(0.02)


def nginx(programs, directory, name, servers):
    own = directory / name
    own.mkdir()
    (own / "nginx.conf").write_text(NGINX % (*[own] * 7, servers))
    return programs("nginx", "-p", str(own), "-c", str(own / "nginx.conf"), "-e",
                    str(own / "error.log"))


@pytest.fixture
def proxy(make, space, programs, tmp_path):
    """proxy(directive of the upstream): (pid of a proxy before a backend, what watches it)"""
    if refused():
        pytest.skip(refused())
    os.chmod(tmp_path, 0o755)

    def begin(directive):
        space.sysctl(ip_local_port_range=f"{LOW} {LOW + SUPPLY - 1}", tcp_tw_reuse=0)
        nginx(programs, tmp_path, "backend", BACKEND % PORT)
        pid = nginx(programs, tmp_path, "front", PROXY % (PORT, directive, FRONT))
        await_listener(space, PORT)
        await_listener(space, FRONT)
        return pid, make.ports("--rport", str(PORT), space=space)
    return begin


def requests(space, count):
    """One after the other, on a connection that is kept: only the proxy needs ports."""
    result = run(space, "ab", "-k", "-n", str(count), "-c", "1", f"http://127.0.0.1:{FRONT}/")
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_nginx_that_connects_for_each_request_runs_out(space, proxy):
    pid, ports = proxy("")
    requests(space, SUPPLY + 20)
    failure = ports.wait_failure(1, raddr="127.0.0.1", rport=PORT)
    # the peer's FIN, which makes a TIME_WAIT of a FIN_WAIT2, is told by the next refresh
    ports.wait_destination("127.0.0.1",
                           condition=lambda row: row["by_state"] == {"TIME_WAIT": SUPPLY})
    assert ports.stop() == 0
    assert failure["owner"]["pid"] == pid and failure["owner"]["comm"] == "nginx"
    assert failure["cause"] == "range_exhausted"
    assert ports.failures()[-1]["count"] == 20
    census = failure["census"]
    check_sums(census)
    assert census["used"] == census["supply"] == SUPPLY
    assert set(census["by_state"]) <= {"TIME_WAIT", "FIN_WAIT2"}
    [owner] = census["by_owner"]
    assert owner["process"]["pid"] == pid and owner["ports"] == SUPPLY


def test_nginx_that_keeps_its_connections_stays_near_zero(space, proxy):
    pid, ports = proxy("keepalive 4;")
    requests(space, 4 * SUPPLY)
    row = ports.wait_destination("127.0.0.1")
    assert ports.stop() == 0
    assert row["by_owner"][0]["process"]["pid"] == pid
    assert ports.failures() == []
    used = [row["used"] for r in ports.refreshes() for row in destinations(r)]
    assert max(used) <= 4


def test_redis_client_that_connects_for_each_query(make, space, programs, tmp_path):
    """The benchmark closes first: the TIME_WAITs are its own, and the server has none."""
    if refused():
        pytest.skip(refused())
    space.sysctl(ip_local_port_range=f"{LOW} {LOW + 199}", tcp_tw_reuse=0)
    programs("redis-server", "--port", str(PORT), "--bind", "127.0.0.1", "--save", "",
             "--appendonly", "no", "--dir", str(tmp_path))
    await_listener(space, PORT)
    ports = make.ports(space=space)
    result = run(space, "redis-benchmark", "-p", str(PORT), "-k", "0", "-c", "1", "-n", "100",
                 "-t", "ping_inline", "-q")
    assert result.returncode == 0, result.stderr
    row = ports.wait_destination("127.0.0.1", condition=lambda row: row["used"] >= 100)
    check_sums(row)
    [owner] = row["by_owner"]
    assert owner["process"]["comm"] == "redis-benchmark"
    assert row["free"] == 200 - row["used"]
    run(space, "redis-benchmark", "-p", str(PORT), "-k", "0", "-c", "1", "-n", "200",
        "-t", "ping_inline", "-q")
    failure = ports.wait_failure(1, rport=PORT)
    assert ports.stop() == 0
    assert failure["owner"]["comm"] == "redis-benchmark"
    assert failure["cause"] == "range_exhausted" and failure["census"]["free"] == 0
    assert len(failure["census"]["by_owner"]) == 2
