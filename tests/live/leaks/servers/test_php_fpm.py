# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""php-fpm behind nginx: healthy, and scripts that wait for a lock which does not come."""
import fcntl

import pytest

from servers import (accused, await_children, await_held, await_unaccepted, check, check_healthy,
                     check_listener, looks, need, row_of)

BACKLOG = 16
WORKERS = 2
END_OF_STDIN = 8  # bytes: the record that ends a request, read only by who wants its body

FPM = f"""
[global]
error_log = errors
daemonize = no
[www]
user = daemon
group = daemon
listen = 127.0.0.1:9000
listen.backlog = {BACKLOG}
pm = static
pm.max_children = {WORKERS}
"""

NGINX = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit; user root;
events { worker_connections 512; }
http {
    access_log off; keepalive_timeout 1s;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    server {
        listen 127.0.0.1:8080;
        location / {
            fastcgi_pass 127.0.0.1:9000;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param SCRIPT_FILENAME %s$uri;
        }
    }
}
"""

HOLD = "<?php flock(fopen(__DIR__ . '/lock', 'r'), LOCK_EX); echo 'at last';"


@pytest.fixture
def fpm(servers):
    """The pid of the master; nginx asks it."""
    program = need("php-fpm*[0-9]", "php-fpm")
    servers.file("hello.php", "<?php echo 'hello';")
    servers.file("hold.php", HOLD)
    servers.file("lock", "")
    config = servers.file("fpm.conf", FPM)
    master = servers.begin(program, "-n", "-F", "-p", servers.folder.name, "-y", config, port=9000)
    config = servers.file("nginx.conf", NGINX % servers.folder.name)
    servers.begin(need("nginx"), "-p", servers.folder.name, "-c", config, "-e", "stderr", port=8080)
    return master


def test_healthy(make, space, client, fpm):
    check_healthy(make, space, client, 8080, path="/hello.php")


def test_scripts_that_hold(space, client, servers, fpm):
    """Clients give up, nginx with them; each script waits on, and the rest in the queue."""
    workers = await_children(fpm, WORKERS)
    with open(servers.path("lock"), encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        client("""
kept = [connect('127.0.0.1', 8080) for _ in range(7)]
for c in kept:
    c.sendall(b'GET /hold.php HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
""")
        for worker in workers:
            await_held(space, worker, 1, "established")
        client("for c in kept: c.close()")
        queue = await_unaccepted(space, 9000, 5)
        for refresh in looks(space):
            for worker in workers:
                row = row_of(refresh, worker)
                check(row, "stall", await_held(space, worker, 1))
                assert row["unread_bytes"] == END_OF_STDIN
                assert row["evidence"]["syscall"] in ("flock", None)
            check_listener(row_of(refresh, fpm, "listen"), 9000, queue, BACKLOG, [fpm, *workers])
            assert {verdict for _, verdict in accused([refresh])} == {"stall", "backlog"}
            assert len(refresh.rows) == 3
