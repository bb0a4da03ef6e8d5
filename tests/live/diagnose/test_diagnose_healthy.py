# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Ten healthy set-ups under way: traffic, pools that idle, a server that has closed them. Nothing is
wrong, and what is told is at most for information. (Those of test_diagnose_programs.py are more.)"""
import pytest

import programs
from diagnosis import diagnose
from servers import await_held, keep_pool, need

HELLO = f"""server {{ listen 127.0.0.1:{programs.FRONT}; location / {{ return 200 "hello\\n"; }} }}"""
TLS = f"""
    upstream back {{ server 127.0.0.1:{programs.BACK}; keepalive 4; }}
    server {{
        listen 127.0.0.1:8443 ssl; ssl_certificate cert.pem; ssl_certificate_key key.pem;
        proxy_http_version 1.1; proxy_set_header Connection "";
        location / {{ proxy_pass http://back; }}
    }}
    server {{ listen 127.0.0.1:{programs.BACK}; location / {{ return 200 "hello\\n"; }} }}
"""
POOL = 6
AGE = ("--age", "0.5")


def certificate(servers):
    servers.space.run(need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                      "-days", "1", "-subj", "/CN=localhost", "-keyout", servers.path("key.pem"),
                      "-out", servers.path("cert.pem"))


def nginx_plain(servers):
    programs.nginx(servers, HELLO)
    return {}


def nginx_tls(servers):
    certificate(servers)
    programs.nginx(servers, TLS, port=8443)
    return {"port": 8443, "scheme": "https"}


def gunicorn(servers):
    servers.file("app.py", """
def app(environment, start):
    start('200 OK', [('Content-Type', 'text/plain'), ('Content-Length', '6')])
    return [b'hello\\n']
""")
    servers.begin(need("gunicorn"), "-b", f"127.0.0.1:{programs.FRONT}", "-w", "1", "-k", "gthread",
                  "--threads", "8", "--keep-alive", "1", "app:app", port=programs.FRONT)
    return {}


def haproxy(servers):
    programs.haproxy_in_front(servers, kept=True)
    return {"closes": False}


def apache(servers):
    programs.apache_in_front(servers, kept=True)
    return {"closes": False}


SETUPS = [nginx_plain, nginx_tls, gunicorn, haproxy, apache]


@pytest.mark.parametrize("setup", SETUPS, ids=lambda setup: setup.__name__)
def test_a_web_server_and_a_pool_of_its_client(make, space, client, servers, setup):
    """Where the server closes after a second the pool has what it closed, until it is used again: a
    TLS server's goodbye of 31 bytes unread."""
    place = setup(servers)
    port, scheme = place.get("port", programs.FRONT), place.get("scheme", "http")
    run = make.diagnose(*AGE, space=space)
    programs.ask(servers, scheme=scheme, port=port)
    keep_pool(client, port, POOL, scheme=scheme)
    if place.get("closes", True):
        await_held(space, client.pid, POOL)
    for found in (run.end(), diagnose(space, *AGE)):
        assert found.grave() == set(), found.advice
    if place.get("closes", True):
        assert found.evidence("idle_pool", "info")["sockets"] == POOL


REDIS_POOL = """
kept = [connect('127.0.0.1', 6379) for _ in range(5)]
for c in kept:
    c.sendall(b'PING\\r\\n')
    assert c.recv(10) == b'+PONG\\r\\n'
"""


def test_redis_and_a_pool(make, space, client, servers):
    programs.redis(servers)
    run = make.diagnose(*AGE, space=space)
    client(REDIS_POOL)
    for found in (run.end(), diagnose(space, *AGE)):
        assert found.grave() == set(), found.advice


def test_a_database_and_a_pool(make, space, servers):
    programs.mariadb(servers)
    run = make.diagnose(*AGE, space=space)
    clients = [servers.begin(need("mariadb"), "--no-defaults", "-h127.0.0.1",
                             f"-P{programs.MARIADB}", "-e", "select sleep(60)") for _ in range(3)]
    for client in clients:
        await_held(space, client, 1, "established")
    for found in (run.end(), diagnose(space, *AGE)):
        assert found.grave() == set(), found.advice
