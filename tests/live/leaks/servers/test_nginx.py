# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""nginx: as a server, with TLS too, and in front of an upstream."""
import pytest

from servers import accused, await_children, await_held, check, check_healthy, looks, need, row_of

CONFIG = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr warn; user root;
events {{ worker_connections 512; }}
http {{
    access_log off; keepalive_timeout 1s; default_type text/plain;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    {http}
}}
"""

# Clients come to 8080 or with TLS to 8443, which ask 8081 over connections that are kept.
PROXY = """
    upstream back { server 127.0.0.1:8081; keepalive 4; }
    server {
        listen 127.0.0.1:8080; listen 127.0.0.1:8443 ssl;
        ssl_certificate cert.pem; ssl_certificate_key key.pem;
        proxy_http_version 1.1; proxy_set_header Connection "";
        location / { proxy_pass http://back; }
    }
    server { listen 127.0.0.1:8081; location / { return 200 "hello\\n"; } }
"""


@pytest.fixture
def nginx(servers):
    """nginx(text inside http {}): the pid of its worker."""
    def begin(http, port=8080):
        config = servers.file("nginx.conf", CONFIG.format(http=http))
        master = servers.begin(need("nginx"), "-p", servers.folder.name, "-c", config,
                               "-e", "stderr", port=port)
        return await_children(master, 1)[0]
    return begin


def certificate(servers):
    """Self-signed, of this folder."""
    servers.space.run(need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                      "-days", "1", "-subj", "/CN=localhost", "-keyout", servers.path("key.pem"),
                      "-out", servers.path("cert.pem"))


@pytest.mark.parametrize("scheme, port", [("http", 8080), ("https", 8443)])
def test_healthy(make, space, client, servers, nginx, scheme, port):
    """A TLS server says goodbye before its FIN: 31 bytes that a pool reads at its next use."""
    certificate(servers)
    nginx(PROXY)
    check_healthy(make, space, client, port, scheme=scheme)


def test_clients_that_give_up_on_a_slow_upstream(space, client, server, nginx):
    """It was told to care for the upstream's answer only: it does not look at its clients."""
    server("l = listen(port=8081); kept = [l]")
    worker = nginx("""
    server {
        listen 127.0.0.1:8080;
        location / { proxy_pass http://127.0.0.1:8081; proxy_ignore_client_abort on; }
    }
""")
    client("""
kept = [connect('127.0.0.1', 8080) for _ in range(5)]
for c in kept:
    c.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
""")
    server("kept += [accept(l) for _ in range(5)]")
    client("for c in kept: c.close()")
    given_up = await_held(space, worker, 5)
    for refresh in looks(space):
        row = row_of(refresh, worker)
        check(row, "not_reading", given_up)
        assert row["process"]["comm"] == "nginx" and row["kinds"]["fin_only"] == 5
        assert accused([refresh]) == {("nginx", "not_reading")}
