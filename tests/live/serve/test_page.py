# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The page at /, in a browser: what it shows, on a phone and on a desk, and what it does not run."""
import json
import time

import pytest

import closewait
from browser import Browser
from tracer import PATIENCE_S
from traffic import Pair

HOSTILE = b'<b>x\x1b[31m"\'&'
WIDTHS = (380, 1600)


@pytest.fixture(scope="module")
def browser():
    browser = Browser()
    yield browser
    browser.close()


@pytest.fixture
def serve(make, space, server):
    """With a leak, a TIME_WAIT, and a name that means harm."""
    serve = make.serve("--age", "0.1", space=space)
    client = make.actor(space, comm=HOSTILE)
    closewait.leak(space, client, server)
    Pair(client, server).client_closes()
    serve.await_metrics(lambda m: m("close_wait_sockets") and m("time_waits_total"))
    return serve


def shown(browser, expression, what):
    deadline = time.monotonic() + PATIENCE_S
    while not (value := browser.ask(expression)):
        assert time.monotonic() < deadline, f"no {what}: " + browser.ask("document.body.innerText")
        time.sleep(0.1)
    return value


def open_page(browser, serve, width=1600, dark=False):
    browser.complaints()
    browser.open(f"http://127.0.0.1:{serve.port}/", width, dark)
    shown(browser, "document.querySelectorAll('#leaks tbody tr .spark').length", "rows")


def test_rows_are_as_json_prints_them(make, serve):
    response, body = serve.get("/api/rows")
    assert response.headers["Content-Type"] == "application/x-ndjson"
    objects = [json.loads(line) for line in body.decode("utf-8", "strict").splitlines()]
    types = {object_["type"] for object_ in objects}
    assert {"close_wait", "time_wait", "refresh", "advice", "diagnosis"} <= types
    assert {o["view"] for o in objects if o["type"] == "refresh"} == {"leaks", "timewait", "ports", "opening",
                                                                     "closing"}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_it_shows_what_is_there(browser, serve, width, dark):
    open_page(browser, serve, width, dark)
    assert shown(browser, "document.querySelector('#state').dataset.state == 'live'", "answer")
    text = browser.ask("document.body.innerText")
    assert "leak" in text and "CLOSE_WAIT" in text and "TIME_WAIT" in text
    # nothing hangs out, and the ground is dark where that is wanted
    assert browser.ask("document.documentElement.scrollWidth") <= width
    ground = browser.ask("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (sum(ground) < 300) == dark
    assert browser.complaints() == []


def test_a_hostile_name_is_text(browser, serve):
    open_page(browser, serve)
    name = shown(browser, "[...document.querySelectorAll('#timewait .name')].map(e => e.textContent)"
                          ".find(t => t.includes('x'))", "name")
    assert "<b>x\\x1b[31m" in name
    assert browser.ask("document.querySelectorAll('main b').length == document.querySelectorAll('.bar b').length")


def test_it_refreshes_by_itself(browser, make, space, serve):
    open_page(browser, serve)
    browser.driver.execute_script("window.same = true")
    count = "document.querySelector('#totals dd').firstChild.data"
    before = int(browser.ask(count))
    other, peer = make.actor(space), make.actor(space)
    closewait.leak(space, peer, other)
    shown(browser, f"Number({count}) > {before}", "more sockets")
    assert browser.ask("window.same")


def test_it_says_when_nobody_answers_and_tracing_goes_on_without_it(browser, serve):
    open_page(browser, serve)
    browser.driver.get("about:blank")
    assert serve.metrics()("close_wait_sockets")
    open_page(browser, serve)
    assert serve.stop() == 0
    shown(browser, "document.querySelector('#state').dataset.state == 'lost'", "word")
    assert "no answer" in browser.ask("document.querySelector('#state').textContent")


def test_no_other_page_has_a_part_in_it(serve):
    response, body = serve.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
    assert b"http:" not in body and b"https:" not in body and b"style=" not in body
    for path in ("/page.css", "/page.js"):
        asset = serve.get(path)[1].replace(b"http://www.w3.org/2000/svg", b"")
        for outside in (b"http:", b"https:", b"url(", b"@import", b"innerHTML", b"eval("):
            assert outside not in asset, (path, outside)
