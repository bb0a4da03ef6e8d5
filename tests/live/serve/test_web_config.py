# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""TLS and passwords, by the web configuration file of Prometheus' exporters."""
import base64
import http.client
import ssl
import subprocess
import threading
import time

import pytest

from tracer import PATIENCE_S, tcplinger

# of "secret"
HASH = "$2b$10$Qyzb4YSv9CCkfmDwhnJorOjV6NL6vpS4rAOpPXCaPXzFBDYLoYRCG"


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An authority, a server's certificate, a client's, and one that nobody has signed."""
    path = tmp_path_factory.mktemp("tls")

    def certificate(name, *signed):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", path / f"{name}.key", "-out", path / f"{name}.pem", "-days", "2",
                "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", *signed)
    certificate("ca")
    by_ca = ("-CA", path / "ca.pem", "-CAkey", path / "ca.key", "-addext", "basicConstraints=CA:FALSE")
    certificate("server", *by_ca)
    certificate("client", *by_ca)
    certificate("stranger")
    return path


def config(folder, name, text):
    (folder / name).write_text(text)
    return str(folder / name)


TLS = "tls_server_config:\n  cert_file: server.pem\n  key_file: server.key\n"


def users(hash_=HASH):
    return f"basic_auth_users:\n  alice: {hash_}\n"


def ask(serve, folder, path="/-/healthy", password=None, user="alice", client=None, version=None):
    """The status."""
    headers = {}
    if password is not None:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    if serve.urls[0][0] == "https":
        context = ssl.create_default_context(cafile=folder / "ca.pem")
        if client:
            context.load_cert_chain(folder / f"{client}.pem", folder / f"{client}.key")
        if version:
            context.maximum_version = version
        connection = http.client.HTTPSConnection("127.0.0.1", serve.port, timeout=PATIENCE_S, context=context)
    else:
        connection = serve.connection()
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    if response.status == 401:
        assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert b"tcplinger_" not in body
    return response.status


def test_TLS_and_passwords(make, folder):
    serve = make.serve("-i", "1000", "--web.config.file", config(folder, "both.yml", TLS + users()))
    assert serve.urls[0][0] == "https"
    assert ask(serve, folder) == 401
    assert ask(serve, folder, password="wrong") == 401
    assert ask(serve, folder, password="secret") == 200
    assert ask(serve, folder, "/metrics", password="secret") == 200
    assert ask(serve, folder, "/metrics", password="secret", user="bob") == 401
    assert ask(serve, folder, "/nowhere", password="secret") == 404
    assert ask(serve, folder, "/nowhere") == 401
    with pytest.raises(ssl.SSLError):
        ask(serve, folder, password="secret", version=ssl.TLSVersion.TLSv1_1)
    assert ask(serve, folder, password="secret", version=ssl.TLSVersion.TLSv1_2) == 200


@pytest.mark.parametrize("path", ["/", "/page.js", "/page.css", "/api/rows", "/metrics", "/-/ready", "/-/healthy"])
def test_every_page_wants_the_password(make_module, folder, path):
    if not hasattr(make_module, "asks"):
        make_module.asks = make_module.serve("-i", "1000", "--web.config.file", config(folder, "asks.yml", users()))
    assert ask(make_module.asks, folder, path) == 401
    assert ask(make_module.asks, folder, path, password="secret") == 200


def test_who_has_no_certificate_gets_no_answer(make, folder):
    text = TLS + "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n"
    serve = make.serve("-i", "1000", "--web.config.file", config(folder, "client.yml", text))
    assert ask(serve, folder, client="client") == 200
    for client in (None, "stranger"):
        with pytest.raises((ssl.SSLError, ConnectionError, http.client.HTTPException)):
            ask(serve, folder, client=client)


@pytest.mark.parametrize("text, named", [
    ("x: 1", "x is not supported"),
    ("tls_server_config: {cert_file: server.pem, key_file: nowhere.pem}", "cannot read"),
    ("tls_server_config: {cert_file: server.pem, key_file: client.key}", "the certificate and the key"),
    ("tls_server_config: {cert_file: server.key, key_file: server.pem}", "the certificate and the key"),
    ("basic_auth_users: {alice: secret}", "bcrypt"),
    ("a: [", "no YAML"),
])
def test_a_configuration_that_cannot_be_is_wrong_usage(folder, text, named):
    result = tcplinger("serve", "--web.config.file", config(folder, "wrong.yml", text))
    assert result.returncode == 2
    assert result.stderr.count("\n") == 1 and named in result.stderr and "wrong.yml" in result.stderr
    assert tcplinger("serve", "--web.config.file", "/nowhere/x").returncode == 2


def test_guesses_keep_nobody_else_waiting(make, folder):
    """Who was let in before is answered while others' passwords are being checked."""
    serve = make.serve("-i", "1000", "--web.config.file", config(folder, "guess.yml", users()))
    assert ask(serve, folder, password="secret") == 200
    statuses = []
    guesses = [threading.Thread(target=lambda i=i: statuses.append(ask(serve, folder, password=f"guess{i}")))
               for i in range(8)]
    for guess in guesses:
        guess.start()
    answered = 0
    while len(statuses) < len(guesses):
        assert ask(serve, folder, password="secret") == 200
        answered += 1
        time.sleep(0.01)
    for guess in guesses:
        guess.join()
    assert statuses == [401] * len(guesses)
    assert answered > 3
