# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Java: healthy as server and as client, and a pool whose threads all wait for a lock."""
import pytest

from servers import accused, await_held, check, check_healthy, looks, need, row_of

HEALTHY = """
import com.sun.net.httpserver.*;
import java.net.*;
import java.util.concurrent.*;

public class Healthy {
    static void answer(HttpExchange exchange) throws java.io.IOException {
        exchange.getResponseHeaders().add("Connection", "keep-alive");
        exchange.getResponseHeaders().add("Keep-Alive", "timeout=60");  // which it does not keep
        exchange.sendResponseHeaders(200, 6);
        exchange.getResponseBody().write("hello\\n".getBytes());
        exchange.close();
    }

    public static void main(String[] none) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 8080), 64);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/", exchange -> answer(exchange));
        CyclicBarrier together = new CyclicBarrier(5);
        server.createContext("/together", exchange -> {
            try {
                together.await();
            } catch (Exception none_but_five) {
                throw new java.io.IOException(none_but_five);
            }
            answer(exchange);
        });
        server.start();
    }
}
"""

# HttpURLConnection keeps what was read to its end for as long as the server says, and looks at it
# at its next use.
POOL = """
import java.net.*;
import java.util.concurrent.*;

public class Pool {
    public static void main(String[] none) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(5);
        URL url = new URL("http://127.0.0.1:8080/together");
        for (int i = 0; i < 5; i++)
            threads.submit(() -> url.openConnection().getInputStream().readAllBytes());
    }
}
"""

# It accepts all; four get a thread, which waits for a lock.
STUCK = """
import java.net.*;
import java.util.concurrent.*;
import java.util.concurrent.locks.*;

public class Stuck {
    public static void main(String[] none) throws Exception {
        ReentrantLock lock = new ReentrantLock();
        lock.lock();
        ExecutorService pool = Executors.newFixedThreadPool(4);
        ServerSocket listener = new ServerSocket(8080, 64, InetAddress.getByName("127.0.0.1"));
        while (true) {
            Socket client = listener.accept();
            pool.submit(() -> {
                lock.lock();
                return client.getInputStream().read();
            });
        }
    }
}
"""


@pytest.fixture
def java(servers):
    """java(name of the class, its text): its pid"""
    def begin(name, text, *properties, **options):
        source = servers.file(name + ".java", text)
        return servers.begin(need("java"), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                             "-Xmx64m", *properties, source, **options)
    return begin


def test_healthy(make, space, client, java):
    java("Healthy", HEALTHY, "-Dsun.net.httpserver.idleInterval=1",
         "-Dsun.net.httpserver.clockTick=200", port=8080)
    leaks = check_healthy(make, space, client, 8080)
    pool = java("Pool", POOL)
    kept = await_held(space, pool, 5)
    for refresh in looks(space, "--age", "0.1"):
        check(row_of(refresh, pool), "idle_pool", kept)
    assert accused(leaks.refreshes()) == set()


def test_threads_that_wait_for_a_lock(space, client, java):
    server = java("Stuck", STUCK, port=8080)
    client("""
kept = [connect('127.0.0.1', 8080) for _ in range(10)]
for c in kept:
    c.sendall(b'hello')
""")
    await_held(space, server, 10, "established")
    client("for c in kept: c.close()")
    unread = await_held(space, server, 10)
    for refresh in looks(space):
        row = row_of(refresh, server)
        check(row, "stall", unread)
        assert {s.queued for s in unread} == {6} and row["process"]["comm"] == "java"
        names = {n["name"]: n for n in row["evidence"]["names"]}
        assert names["pool-1-thread-*"]["threads"] == 4
        assert names["pool-1-thread-*"]["waiting_in"] in ("futex", "futex_wait_queue", None)
        assert row["evidence"]["idle_loop"] is False
