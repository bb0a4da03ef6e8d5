# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`top` as a person uses it: in a terminal, every key, on real sockets."""
import json
import os
import re
import signal
import subprocess

import pytest

import closewait
from hostile import NAMES
from terminal import PROMPT, Terminal
from tracer import binary, refused

TABS = ["findings", "leaks", "timewait", "ports", "opening", "closing", "trace"]
SOCKETS = 3


class Top:
    """The tool in a shell in a terminal; the server leaks so many sockets."""

    def __init__(self, space, *arguments, columns=100, lines=30, before="", **environment):
        self.ready = f"/tmp/{space.name}.ready"
        self.space = space
        self.terminal = Terminal(columns, lines, **environment)
        self.line = " ".join([before, binary(), "top", "--netns", space.name, "--age", "0", "-i",
                              "0.2", "--ready-file", self.ready, *arguments]).strip()

    def __enter__(self):
        self.terminal.run(self.line)
        self.terminal.wait_for("1 ")
        self.terminal.wait_for("q quit")
        return self

    def __exit__(self, *_):
        self.terminal.close()
        if os.path.exists(self.ready):
            os.unlink(self.ready)

    def press(self, *keys, shows):
        """What is on the screen once it shows that; a pattern."""
        self.terminal.keys(*keys)
        return self.terminal.wait(lambda screen: re.search(shows, screen))

    def pid(self):
        found = subprocess.run(["pgrep", "-f", self.ready], stdout=subprocess.PIPE, text=True,
                               check=True).stdout.split()
        [pid] = [int(pid) for pid in found
                 if os.readlink(f"/proc/{pid}/exe") == os.path.realpath(binary())]
        return pid

    def check_plain(self, status=None):
        """It is gone, and the terminal as before: the shell echoes, the cursor is there."""
        self.terminal.wait(lambda screen: screen.rstrip().endswith(PROMPT))
        assert self.terminal.is_plain()
        if status is not None:
            self.terminal.run("echo status $?")
            self.terminal.wait_for(f"\nstatus {status}")


@pytest.fixture
def leaks(space, client, server):
    return [closewait.leak(space, client, server) for _ in range(SOCKETS)]


@pytest.fixture
def source():
    return ["--no-bpf"] if refused() else []


@pytest.fixture
def top(space, leaks, source):
    with Top(space, *source) as started:
        yield started


def row_of(server):
    return rf"(?m)^ *{server.pid} .* {SOCKETS} .* leak"


def test_each_tab_has_a_number_and_follows_the_one_before(top, server):
    top.terminal.wait_for("SEVERITY FINDING")
    for i, shows in enumerate(["SEVERITY", "VERDICT", "SERVICE", "DESTINATION", "PENDING",
                               "VERDICT"]):
        top.press(str(i + 1), shows=shows)
    top.press("1", shows="SEVERITY FINDING")
    top.press("Tab", shows=row_of(server))
    top.press("BTab", shows="SEVERITY FINDING")
    top.press("BTab", "BTab", shows="ORPHANS|PLACE|VERDICT|SERVICE")


def test_a_leak_is_found_shown_and_opened(top, server, leaks):
    top.press("1", shows=rf"\[{server.pid}\] has not closed {SOCKETS} connections")
    top.press("Home", "Enter", shows="the CLOSE_WAIT side has to close|helps:")
    top.press("Escape", shows="SEVERITY FINDING")
    top.press("2", shows=row_of(server))
    whole = top.press("Enter", shows="drained")
    assert whole.count(" drained ") == len(leaks) and "SEVERITY" not in whole
    top.terminal.keys("Enter")
    top.terminal.wait(lambda screen: len(re.findall(r"fd \d+", screen)) == len(leaks)
                      and "CLOSE_WAIT   OLDEST" not in screen)
    top.press("Escape", "Escape", shows=row_of(server))


def test_what_is_searched_is_under_the_cursor(top, server):
    top.press("2", shows=row_of(server))
    top.press("/", shows="search: ")
    top.terminal.type("no such name")
    top.press("Enter", shows='no row has "no such name"')
    top.press("/", shows="search: ")
    top.terminal.type(str(server.pid))
    screen = top.press("Enter", shows="q quit")
    assert "no row has" not in screen


def test_a_filter_is_set_refused_and_cleared(top, server):
    top.press("2", shows=row_of(server))
    top.press("f", shows="filter: ")
    top.terminal.type("--lport 70000")
    top.press("Enter", shows="filter: --lport 70000.*a port is 1 to 65535")
    top.press("C-u", shows="(?m)^filter: _$")
    top.terminal.type("--bogus")
    top.press("Enter", shows="--bogus: no filter; there is --lport")
    top.press("C-u", shows="(?m)^filter: _$")
    top.terminal.type(f"-p {server.pid + 1}")
    screen = top.press("Enter", shows="nothing to show")
    assert f"filter: -p {server.pid + 1}" in screen
    top.press("f", shows=f"filter: -p {server.pid + 1}_")
    top.press("C-u", "Enter", shows=row_of(server))


def test_rows_are_sorted_by_a_figure_that_is_chosen(top, server):
    top.press("2", shows=row_of(server))
    top.press("s", shows="its own order.*what matters most")
    screen = top.press("Down", "Down", "Enter", shows="sorted by dead")
    assert re.search(row_of(server), screen)
    top.press("I", shows="sorted by dead, least first")
    top.press(">", shows="sorted by unread_bytes")
    top.press("<", "<", shows="sorted by sockets")
    top.press("<", shows="(?m)^ [0-9:]{8}  every 0.2s *$")
    top.press("1", shows="SEVERITY")
    top.press("s", shows="an order of its own")


def test_rows_are_grouped(top, server):
    top.press("2", shows=row_of(server))
    top.press("b", shows="by comm")
    top.terminal.wait(lambda screen: re.search(rf"(?m)^python3 .* {SOCKETS} ", screen))
    for by in ("exe", "cgroup", "container"):
        top.press("b", shows=f"by {by}")
    top.press("b", shows=row_of(server))


def test_the_screen_is_frozen_not_the_tracing(top, server, client):
    top.press("2", shows=row_of(server))
    top.press("Space", shows="FROZEN")
    server("[k.close() for k in kept]")
    client("[k.close() for k in kept]")
    top.press("Enter", shows="drained")
    top.press("s", shows="its own order")
    assert re.search(row_of(server), top.press("Enter", shows=row_of(server)))
    top.press("Escape", shows="FROZEN")
    top.press("Space", shows="nothing to show|transient|none left")


def test_the_interval_changes(top):
    top.press("+", shows="every 0.4s")
    top.press("-", "-", shows="every 0.1s")
    top.press("-", shows="every 0.1s")


def test_what_is_shown_is_written_as_json(top, server, tmp_path):
    path = tmp_path / "shown.json"
    top.press("2", shows=row_of(server))
    top.press("w", shows="write JSON to: tcplinger.json")
    top.press("C-u", shows="write JSON to: _")
    top.terminal.type(str(path))
    top.press("Enter", shows="written to")
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    [row] = [row for row in rows if row["process"]["pid"] == server.pid]
    assert row["type"] == "close_wait" and row["sockets"] == SOCKETS and row["verdict"] == "leak"
    top.press("w", "C-u", shows="write JSON to: _")
    top.terminal.type("/no/such/folder/x")
    top.press("Enter", shows="/no/such/folder/x: No such file or directory")


def test_help_names_the_keys(top):
    screen = top.press("?", shows="freeze the screen")
    for key in ("Tab", "Enter", "PgUp", "/", "f ", "s ", "< >", "I", "b ", "space", "+ -", "w ",
                "Esc", "q "):
        assert key in screen
    top.press("x", shows="SEVERITY")


def test_trace_is_live(top, space):
    top.press("7", shows="q quit")
    space.run("python3", "-c", "import socket; socket.socket().connect_ex(('127.0.0.1', 9))")
    if refused():
        return
    top.terminal.wait_for("SYN_SENT->CLOSE")


@pytest.mark.parametrize("end", ["q", "C-c", "TERM", "SEGV", "ABRT"])
def test_the_terminal_is_given_back(top, end):
    if end in ("q", "C-c"):
        top.terminal.keys(end)
    else:
        os.kill(top.pid(), getattr(signal, f"SIG{end}"))
    top.check_plain({"SEGV": 139, "ABRT": 134}.get(end, 0))


def test_it_is_suspended_and_goes_on(top, server):
    top.press("2", shows=row_of(server))
    top.terminal.keys("C-z")
    top.check_plain()
    top.terminal.run("fg")
    top.terminal.wait(lambda screen: re.search(row_of(server), screen))
    top.terminal.keys("q")
    top.check_plain(0)


def test_any_size_will_do(top, server):
    top.press("2", shows=row_of(server))
    for columns, lines in ((80, 24), (40, 10), (200, 60), (20, 5), (60, 15)):
        top.terminal.resize(columns, lines)
        small = columns < 60 or lines < 15
        top.terminal.wait(lambda screen: ("small: " in screen) == (small and columns > 30)
                          and max(map(len, screen.splitlines())) <= columns)
        if columns >= 40:
            top.terminal.wait_for(f" {server.pid} ")


@pytest.mark.parametrize("term", ["xterm", "screen", "linux", "xterm-256color", "vt100"])
def test_terminals_of_all_kinds(space, leaks, source, server, term):
    with Top(space, *source, before=f"TERM={term}") as top:
        top.press("2", shows=row_of(server))
        top.terminal.keys("q")
        top.check_plain(0)


def test_without_utf_8_all_is_ascii(space, leaks, source, server):
    with Top(space, *source, before="LC_ALL=C", columns=130) as top:
        top.press("2", shows=row_of(server))
        top.terminal.wait(lambda screen: re.search(rf"(?m){server.pid} .*leak .*#", screen))
        assert top.terminal.screen().isascii()


def test_without_colour(space, leaks, source, server):
    with Top(space, *source, before="NO_COLOR=1") as top:
        top.press("2", shows=row_of(server))
        assert not re.search(r"\x1b\[[0-9;]*3[1-7]m",
                             top.terminal.tmux("capture-pane", "-p", "-e"))


def test_hostile_names_are_harmless(space, client, make, source):
    actors = [make.actor(space, comm=name) for name in list(NAMES.values())[:6]]
    for actor in actors:
        closewait.leak(space, client, actor)
    with Top(space, *source) as top:
        top.press("2", shows="leak")
        top.terminal.wait(lambda screen: screen.count("  leak") == len(actors))
        for key in ("1", "4", "5"):
            top.press(key, shows="q quit")
        top.terminal.keys("q")
        top.check_plain(0)


def test_without_bpf_it_shows_what_is_listed(space, leaks, server):
    with Top(space, "--no-bpf") as top:
        top.press("2", shows=row_of(server))


def test_stacks_are_in_the_details(space, client, server):
    if refused():
        pytest.skip(refused())
    with Top(space, "--stacks") as top:
        for _ in range(SOCKETS):
            closewait.idle_pool(space, client, server)
        top.press("2", shows=rf"(?m)^ *{client.pid} .* {SOCKETS} ")
        top.press("Enter", shows="opened by connect in ")


@pytest.fixture
def recording(space, leaks, source, tmp_path):
    path = str(tmp_path / "recorded")
    subprocess.run([binary(), "record", "-o", path, "--netns", space.name, "-i", "0.5", "-d", "3",
                    *source], check=True, stderr=subprocess.DEVNULL)
    return path


def test_in_a_recording_it_moves_in_time(space, recording, server):
    """A minute on there is nothing; each refresh is another second, or half of one."""
    top = Top(space)
    top.line = f"{binary()} top --age 0 -I {recording}"
    with top:
        top.press("2", shows=row_of(server))
        assert "every 0.5s  of recorded" in top.terminal.screen()
        top.press("S-Right", shows="the recording ends before that")
        for _ in range(20):
            top.terminal.keys("Right")
        top.press("Right", shows="the recording ends here")
        [last] = re.findall(r"(?m)^ ([0-9:]{8})  every", top.terminal.screen())
        for _ in range(4):
            top.press("Left", shows=row_of(server))
        top.terminal.wait(lambda screen: f" {last}  every" not in screen)
        top.press("S-Left", shows=row_of(server))
        top.press("b", shows="by comm")
        top.press("f", shows="filter: ")
        top.terminal.type("-p 1")
        top.press("Enter", shows="nothing to show")
        top.terminal.keys("q")
        top.check_plain(0)


def test_left_and_right_are_for_recordings(top):
    top.press("Left", shows="left and right move in a recording")


@pytest.mark.parametrize("name", ["dumb", "no-such-terminal", ""])
def test_a_terminal_that_cannot_is_refused_kindly(name):
    terminal = Terminal()
    try:
        terminal.run(f"TERM={name} {binary()} top; echo status $?")
        screen = terminal.wait_for("\nstatus ")
        assert "status 2" in screen and "TERM" in screen and "tcplinger diagnose" in screen.replace(
            "\n", "")
    finally:
        terminal.close()


def test_what_is_no_terminal_is_wrong_usage():
    done = subprocess.run([binary(), "top"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.startswith("tcplinger: top: it takes a terminal") and \
        done.stderr.count("\n") == 1
