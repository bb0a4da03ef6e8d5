# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The page of `report`: a file that needs nothing besides, of what happened while it watched."""
import os
import re
import subprocess
import time

import pytest

import closewait
from browser import Browser
from recording import Recorder
from tracer import PATIENCE_S, binary, refused, tcplinger
from traffic import Pair

HOSTILE = b"<b>\"x'&\xff</i>"
SHOWN = "<b>\"x'&\\xff</i>"
LEAKED = 7
CLOSED = 5
REFUSED = 4


class Report:
    """A run in the background, which ends by itself."""

    def __init__(self, space, folder, seconds, *arguments):
        self.page = str(folder / "page.html")
        ready = str(folder / "ready")
        self.process = subprocess.Popen(
            [binary(), "report", "-d", str(seconds), "-i", "0.2", "--netns", space.name, "-o",
             self.page, "--ready-file", ready, *arguments],
            stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + PATIENCE_S
        while not os.path.exists(ready):
            assert self.process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)

    def end(self):
        _, errors = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0, errors


def make_traffic(make, space, server):
    client = make.actor(space, comm=HOSTILE)
    for _ in range(LEAKED):
        closewait.leak(space, server, client)
    for _ in range(CLOSED):
        Pair(client, server).client_closes()
    client(f"[failure(connect, '127.0.0.1', 9) for i in range({REFUSED})]")


@pytest.fixture(scope="module")
def page(make_module, tmp_path_factory):
    if refused():
        pytest.skip(refused())
    space = make_module.space()
    server = make_module.actor(space)
    report = Report(space, tmp_path_factory.mktemp("report"), 4)
    make_traffic(make_module, space, server)
    report.end()
    return report.page


@pytest.fixture(scope="module")
def browser(page):
    browser = Browser()
    yield browser
    browser.close()


def figure(browser, name):
    return browser.ask(f"document.getElementById('{name}').textContent")


def cells(browser, name):
    """The rows of the table below a plot: {name: [cells]}."""
    rows = browser.ask(f"[...document.querySelectorAll('#{name} + .scroll tbody tr')]"
                       ".map(row => [...row.cells].map(cell => cell.textContent))")
    return {row[0]: row[1:] for row in rows}


def test_it_asks_for_nothing_and_nothing_fails(browser, page):
    browser.requests()
    browser.open(page)
    asked = [url for url in browser.requests() if not url.startswith("data:")]
    assert asked == ["file://" + page]
    assert browser.complaints() == []
    assert browser.ask("document.scripts.length") == 0


def test_each_plot_has_words(browser, page):
    browser.open(page)
    names = browser.ask("[...document.querySelectorAll('figure')].map(f => f.id)")
    assert {"close-wait", "time-wait", "connected", "ports", "port-shares", "failures"} <= set(names)
    for name in names:
        count = f"document.querySelectorAll('#{name} %s').length"
        assert browser.ask(count % "figcaption b") == 1
        assert browser.ask(count % ".legend li") >= 1
        titles = browser.ask(f"[...document.querySelectorAll('#{name} text.title')]"
                             ".map(t => t.textContent)")
        assert len(titles) == 2 and all(titles)
    text = figure(browser, "close-wait")
    assert "sockets in CLOSE_WAIT (number)" in text and "time of day (UTC)" in text


def test_findings_come_first(browser, page):
    browser.open(page)
    headings = browser.ask("[...document.querySelectorAll('h2')].map(h => h.textContent)")
    assert headings == ["Findings", "CLOSE_WAIT", "TIME_WAIT", "Lifetimes", "Ports", "Failures",
                        "Losses"]


def test_tables_have_the_figures_of_the_plots(browser, page):
    browser.open(page)
    leaks = cells(browser, "close-wait")
    assert len(leaks) == 1
    (name, row), = leaks.items()
    assert name.startswith(SHOWN + "[") and row[1] == row[3] == str(LEAKED)
    waits = cells(browser, "time-wait")
    assert sum(int(row[1]) for row in waits.values()) == CLOSED
    failures = cells(browser, "failures")
    assert list(failures) == ["connect: ECONNREFUSED"]
    # as many points in the table of points as the line has
    points = browser.ask("document.querySelectorAll('#close-wait .points rect').length")
    assert points == browser.ask("document.querySelectorAll('#close-wait ~ details')[0]"
                                 ".querySelectorAll('tbody tr').length")


def test_a_hostile_name_stays_text(browser, page):
    browser.open(page)
    assert SHOWN in figure(browser, "close-wait")
    assert browser.ask("document.querySelectorAll('i').length") == 0
    with open(page, "rb") as file:
        html = file.read()
    assert HOSTILE not in html and b"\xff" not in html and b"<b>\"x" not in html
    html.decode("utf-8", "strict")


@pytest.mark.parametrize("width", [320, 380, 1600])
def test_it_fits(browser, page, width):
    browser.open(page, width=width)
    assert browser.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    small = browser.ask("[...document.querySelectorAll('p, td, th, li, text')].filter(e => "
                        "parseFloat(getComputedStyle(e).fontSize) < 12.5).length")
    assert small == 0


def luminance(color):
    channels = [int(part) / 255 for part in re.findall(r"\d+", color)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear))


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_it_can_be_read_by_day_and_by_night(browser, page, dark):
    browser.open(page, dark=dark)
    ground = browser.ask("getComputedStyle(document.body).backgroundColor")
    assert (luminance(ground) < 0.1) == dark
    for what, least in (("document.body", 7), ("document.querySelector('figcaption span')", 4.5)):
        assert contrast(ground, browser.ask(f"getComputedStyle({what}).color")) >= least
    for i in range(7):  # WCAG 2: graphics
        color = browser.ask("(() => { let p = document.querySelector('.line').cloneNode(); "
                            f"p.setAttribute('class', 'line s{i}'); document.querySelector('.square')"
                            ".append(p); return getComputedStyle(p).stroke; })()")
        assert contrast(ground, color) >= 3


def test_it_prints(browser, page):
    browser.open(page, dark=True)
    pdf = browser.print()
    assert pdf.startswith(b"%PDF") and len(pdf) > 10000


def test_of_a_recording_it_is_the_same_page_each_time(make, space, server, tmp_path):
    if refused():
        pytest.skip(refused())
    with Recorder(space=space) as recorder:
        make_traffic(make, space, server)
        recorder.wait_shown("leaks", lambda rows: sum(row.get("sockets", 0) for row in rows) >= LEAKED)
        assert recorder.stop() == 0
        pages = [tmp_path / "a.html", tmp_path / "b.html"]
        for page in pages:
            done = tcplinger("report", "-I", recorder.recording, "-o", str(page))
            assert (done.returncode, done.stderr) == (0, "")
    html = pages[0].read_text()
    assert html == pages[1].read_text()
    assert os.uname().nodename in html and "connect: ECONNREFUSED" in html
    assert "&lt;b&gt;&quot;x&#39;&amp;\\xff&lt;/i&gt;[" in html


def test_without_bpf_it_says_what_it_can(make, space, tmp_path):
    server = make.actor(space)
    client = make.actor(space)
    closewait.leak(space, client, server)
    report = Report(space, tmp_path, 1, "--no-bpf")
    report.end()
    with open(report.page, encoding="utf-8") as file:
        html = file.read()
    assert "CLOSE_WAIT by process" in html and "</html>" in html


def test_wrong_usage_is_one_line_and_leaves_no_file(tmp_path):
    page = str(tmp_path / "page.html")
    for arguments in (["-o", page], ["-d", "1"], ["-d", "1", "-o", str(tmp_path / "no" / "page")],
                      ["-d", "1", "-o", str(tmp_path)], ["-d", "0", "-o", page]):
        result = tcplinger("report", *arguments)
        assert result.returncode == 2 and len(result.stderr.splitlines()) == 1, result.stderr
        assert result.stdout == ""
    assert os.listdir(tmp_path) == []


def test_a_full_disk_leaves_what_was_there(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("old")
    result = subprocess.run(["bash", "-c", f"ulimit -f 1; trap '' XFSZ; exec {binary()} report "
                             f"--no-bpf -d 0.2 -o {page}"], capture_output=True, text=True,
                            timeout=PATIENCE_S)
    assert result.returncode == 1 and "File too large" in result.stderr
    assert page.read_text() == "old" and os.listdir(tmp_path) == ["page.html"]


def test_stdout(space):
    result = tcplinger("report", "--no-bpf", "-d", "0.2", "--netns", space.name, "-o", "-")
    assert result.returncode == 0 and result.stdout.startswith("<!DOCTYPE html>")
