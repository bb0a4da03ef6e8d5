# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Requests, good and bad; who is slow, and who are many."""
import socket
import time

import pytest

from tracer import PATIENCE_S

CLIENTS = 64
REQUEST_S = 10


@pytest.fixture(scope="module")
def serve(make_module):
    return make_module.serve("-i", "1000")


def test_pages_are_there(serve):
    for path in ("/metrics", "/-/healthy", "/-/ready"):
        response, body = serve.get(path)
        assert (response.status, int(response.headers["Content-Length"])) == (200, len(body))


def test_HEAD_is_GET_without_the_body(serve):
    response, body = serve.get("/metrics", method="HEAD")
    assert response.status == 200 and body == b""
    assert int(response.headers["Content-Length"]) > 1000


@pytest.mark.parametrize("path", ["/x", "/metrics/", "/../metrics", "//", "/metrics%00"])
def test_other_paths_are_404(serve, path):
    assert serve.get(path)[0].status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"])
def test_other_methods_are_405(serve, method):
    response, _ = serve.get("/metrics", method=method, body="x" * 100000 if method == "POST" else None)
    assert response.status == 405
    assert response.headers["Allow"] == "GET, HEAD"


def test_a_query_and_a_body_matter_nothing(serve):
    assert serve.get("/metrics?x=1")[0].status == 200
    assert serve.get("/-/healthy", body=b"x" * 100)[0].status == 200


def raw(serve, data):
    """The first line of what comes back."""
    with socket.create_connection(("127.0.0.1", serve.port), PATIENCE_S) as connection:
        try:
            connection.sendall(data)
        except OSError:
            pass
        return connection.makefile("rb").readline().decode()


@pytest.mark.parametrize("size, status", [(7900, ("200",)), (8300, ("431",)), (100000, ("431",))])
def test_a_request_has_8_kB_at_most(serve, size, status):
    data = b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nX: " + b"a" * size + b"\r\n\r\n"
    assert raw(serve, data).split()[1] in status
    line = b"GET /-/healthy?" + b"a" * size + b" HTTP/1.1\r\nHost: x\r\n\r\n"
    assert raw(serve, line).split()[1] in (*status, *(("414",) if status != ("200",) else ()))


@pytest.mark.parametrize("data", [b"\r\n\r\n", b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                                  b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /-/healthy\r\n\r\n"])
def test_what_is_no_request_harms_nobody(serve, data):
    with socket.create_connection(("127.0.0.1", serve.port), PATIENCE_S) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        connection.makefile("rb").read(1000)
    assert serve.get("/-/healthy")[0].status == 200


def test_a_connection_takes_more_than_one_request(serve):
    connection = serve.connection()
    for _ in range(3):
        connection.request("GET", "/-/healthy")
        assert connection.getresponse().read()
        local = connection.sock.getsockname()
    connection.request("GET", "/-/healthy")
    assert connection.sock.getsockname() == local
    connection.close()


def dribble(connection, end):
    """A byte a quarter of a second, until nobody takes it; how long that was."""
    begun = time.monotonic()
    connection.setblocking(False)
    while time.monotonic() < end:
        try:
            connection.send(b"a")
            if connection.recv(1) == b"":
                break
        except BlockingIOError:
            time.sleep(0.25)
        except OSError:
            break
    return time.monotonic() - begun


def test_who_is_slow_is_cut_off(make):
    """Each of its ways at once: it takes ten seconds."""
    serve = make.serve("-i", "1000")
    begins = [b"", b"G", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: ",
              b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"]
    slow = [socket.create_connection(("127.0.0.1", serve.port), PATIENCE_S) for _ in begins]
    begun = time.monotonic()
    for connection, begin in zip(slow, begins):
        connection.sendall(begin)
    assert slow[-1].recv(1000).startswith(b"HTTP/1.1 200")
    for connection in slow[:-1]:
        took = dribble(connection, begun + REQUEST_S + 5)
        assert REQUEST_S - 1 < time.monotonic() - begun < REQUEST_S + 3, took
    slow[-1].settimeout(PATIENCE_S)
    assert slow[-1].recv(1) == b""  # it asked once, and did not ask again
    assert serve.get("/-/healthy")[0].status == 200


def test_one_more_than_64_waits(make):
    serve = make.serve("-i", "1000")
    open_ = [socket.create_connection(("127.0.0.1", serve.port), PATIENCE_S) for _ in range(CLIENTS)]
    # the last of them is served: all are in
    open_[-1].sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
    assert open_[-1].recv(1000).startswith(b"HTTP/1.1 200")
    late = socket.create_connection(("127.0.0.1", serve.port), PATIENCE_S)
    late.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
    late.settimeout(0.5)
    with pytest.raises(TimeoutError):
        late.recv(1)
    open_[0].close()
    late.settimeout(PATIENCE_S)
    assert late.recv(1000).startswith(b"HTTP/1.1 200")


def test_it_serves_many_one_after_another(serve):
    for _ in range(500):
        assert serve.get("/-/ready")[0].status == 200


def test_several_addresses_are_listened_on(make):
    serve = make.serve("--web.listen-address", "127.0.0.1:0", "--web.listen-address", "[::1]:0")
    assert [url[:2] for url in serve.urls] == [("http", "127.0.0.1"), ("http", "[::1]")]
    with socket.create_connection(("::1", int(serve.urls[1][2])), PATIENCE_S) as connection:
        connection.sendall(b"GET /-/healthy HTTP/1.0\r\n\r\n")
        assert connection.recv(100).split()[1] == b"200"
