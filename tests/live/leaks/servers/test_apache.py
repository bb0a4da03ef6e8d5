# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Apache: healthy as prefork and as event, and a prefork server whose workers are all taken."""
import glob
import os

import pytest

from servers import (HOLDER, accused, await_children, await_held, await_unaccepted, check,
                     check_healthy, check_listener, looks, need, row_of)

BACKLOG = 16

CONFIG = """
ServerRoot "{folder}"
ServerName localhost
PidFile apache.pid
DefaultRuntimeDir "{folder}"
ErrorLog "{folder}/errors"
DocumentRoot "{folder}"
Listen 127.0.0.1:8080
ListenBacklog {backlog}
LoadModule mpm_{mpm}_module {modules}/mod_mpm_{mpm}.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
User daemon
Group daemon
KeepAliveTimeout 1
ProxyPass /slow http://127.0.0.1:8081/
{more}
"""


@pytest.fixture
def apache(servers):
    """apache(mpm, more lines): the pid of the parent"""
    def begin(mpm, more=""):
        program = need("apache2", "httpd")
        found = glob.glob("/usr/lib*/*/modules/mod_authz_core.so")
        if not found:
            pytest.skip("Apache's modules are not installed")
        servers.file("hello", "hello\n")
        config = servers.file("apache.conf", CONFIG.format(
            folder=servers.folder.name, modules=os.path.dirname(found[0]), mpm=mpm, backlog=BACKLOG,
            more=more))
        return servers.begin(program, "-f", config, "-D", "FOREGROUND", port=8080)
    return begin


@pytest.mark.parametrize("mpm", ["prefork", "event"])
def test_healthy(make, space, client, apache, mpm):
    apache(mpm)
    check_healthy(make, space, client, 8080, path="/hello")


def test_all_workers_wait_for_a_backend(space, client, servers, apache):
    """Two of a prefork server, each with a client that has gone; six more have come and gone, and
    stand in the queue of a listener that the parent opened and all hold."""
    backend = servers.python(HOLDER, "8081", port=8081)
    parent = apache("prefork", "StartServers 2\nMinSpareServers 1\nMaxRequestWorkers 2")
    workers = await_children(parent, 2)
    client("""
kept = [connect('127.0.0.1', 8080) for _ in range(8)]
for c in kept:
    c.sendall(b'GET /slow HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
""")
    await_held(space, backend, 2, "established")
    client("for c in kept: c.close()")
    queue = await_unaccepted(space, 8080, 6)
    for refresh in looks(space):
        for worker in workers:
            check(row_of(refresh, worker), "not_reading", await_held(space, worker, 1))
        check_listener(row_of(refresh, parent, "listen"), 8080, queue, BACKLOG, [parent, *workers])
        assert accused([refresh]) == {("apache2", "not_reading"), ("apache2", "backlog")}
        assert len(refresh.rows) == 3
