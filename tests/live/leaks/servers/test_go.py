# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Go: clients that forget the bodies of their answers or do not, and a relay of plain TCP."""
import os
import subprocess

import pytest

from servers import (HOLDER, accused, await_held, check, check_grows, check_healthy, looks, need,
                     row_of, sockets)

PROGRAM = """
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"
)

func serve() {
	answer := func(w http.ResponseWriter, r *http.Request) { fmt.Fprintln(w, "hello") }
	server := &http.Server{Addr: "127.0.0.1:8080", IdleTimeout: 500 * time.Millisecond,
		Handler: http.HandlerFunc(answer)}
	panic(server.ListenAndServe())
}

func ask(closes bool, pause time.Duration) {
	kept := []*http.Response{}
	for {
		answer, err := http.Get("http://127.0.0.1:8080/")
		if err != nil {
			panic(err)
		}
		if closes {
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
		} else {
			kept = append(kept, answer)
		}
		time.Sleep(pause)
	}
}

// Each way, as long as that lasts: the end of one is passed on, the other is waited for.
func relay(probe time.Duration) {
	listener, err := net.Listen("tcp", "127.0.0.1:8080")
	if err != nil {
		panic(err)
	}
	for {
		front, _ := listener.Accept()
		back, _ := net.Dial("tcp", "127.0.0.1:8081")
		done := make(chan bool)
		for _, way := range [][]net.Conn{{front, back}, {back, front}} {
			way[0].(*net.TCPConn).SetKeepAlivePeriod(probe)
			go func(from, to net.Conn) {
				io.Copy(to, from)
				to.(*net.TCPConn).CloseWrite()
				done <- true
			}(way[0], way[1])
		}
		go func() { <-done; <-done; front.Close(); back.Close() }()
	}
}

func main() {
	period, _ := time.ParseDuration(os.Args[2])
	switch os.Args[1] {
	case "serve":
		serve()
	case "relay":
		relay(period)
	default:
		ask(os.Args[1] == "ask", period)
	}
}
"""


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """Built once."""
    go, folder = need("go"), tmp_path_factory.mktemp("go")
    (folder / "main.go").write_text(PROGRAM)
    environment = {**os.environ, "GOCACHE": str(folder / "cache"), "GOPATH": str(folder),
                   "GOFLAGS": "", "GO111MODULE": "off", "GOTOOLCHAIN": "local"}
    result = subprocess.run([go, "build", "-o", "program", "main.go"], cwd=folder, env=environment,
                            capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return str(folder / "program")


@pytest.fixture
def go(servers, program):
    """go(what it does, how often or long): its pid"""
    return lambda what, period="1s", **options: servers.begin(program, what, period, **options)


def test_healthy(make, space, client, go):
    """The server closes what idles for half a second; the client's runtime sees it at once."""
    go("serve", port=8080)
    asks, again = go("ask", "20ms"), go("ask", "700ms")
    leaks = check_healthy(make, space, client, 8080)
    shown = {row["process"]["pid"] for refresh in leaks.refreshes() for row in refresh.rows
             if row["verdict"] != "transient"}
    assert shown == {client.pid} and not {asks, again} & shown


def test_bodies_that_are_never_closed(make, space, go):
    """Ten a second, each of which the server closes: not a pool, which would reuse and not grow."""
    leaks = make.leaks("--age", "0.5", space=space)
    go("serve", port=8080)
    client = go("forget", "100ms")
    refresh = check_grows(leaks, space, client, 8080)
    assert accused([refresh]) == {("program", "leak")}


def relayed(space, client, servers, go, probe):
    """(relay, backend): ten clients have gone, the backend has neither read nor closed."""
    backend = servers.python(HOLDER, "8081", port=8081)
    relay = go("relay", probe, port=8080)
    client("""
kept = [connect('127.0.0.1', 8080) for _ in range(10)]
for c in kept:
    c.sendall(b'hello')
""")
    await_held(space, backend, 10, "established")
    client("for c in kept: c.close()")
    await_held(space, relay, 10, "fin-wait-2")
    return relay, backend


def check_peer(row, backend):
    peer = row["evidence"]["peer"]
    assert (peer["raddr"], peer["rport"]) == ("127.0.0.1", 8081)
    assert peer["sockets"] == 10 and {h["pid"] for h in peer["holders"]} == {backend}


def test_relay_waits_for_its_backend(space, client, servers, go):
    """As docker-proxy does: the backend is the cause."""
    relay, backend = relayed(space, client, servers, go, "15s")
    fronts, ends = await_held(space, relay, 10), await_held(space, backend, 10)
    for refresh in looks(space):
        row = row_of(refresh, relay)
        check(row, "relay", fronts)
        check_peer(row, backend)
        check(row_of(refresh, backend), "stall", ends)
        assert row_of(refresh, backend)["unread_bytes"] == 50
        assert accused([refresh]) == {("python3", "stall")}


def test_relay_whose_clients_are_long_gone(make, space, client, servers, go):
    """A probe finds nobody: its connection to the client is dead, the leg to the backend stays."""
    space.sysctl(tcp_fin_timeout=1)
    leaks = make.leaks("--age", "0.5", space=space)
    relay, backend = relayed(space, client, servers, go, "1s")
    row = leaks.wait_row(relay, lambda r: r["dead"] == 10)
    assert sockets(space, "close-wait", "sport", "=", ":8080") == []
    assert (row["verdict"], row["sockets"]) == ("relay", 0)
    check_peer(row, backend)
    verdicts = [row["verdict"] for row in map(lambda r: r.of(relay), leaks.refreshes()) if row]
    assert set(verdicts[verdicts.index("relay"):]) == {"relay"}
