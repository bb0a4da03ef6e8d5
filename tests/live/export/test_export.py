# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""`export`: what a recording has, as tables: what happened, and what the views show of it."""
import json
import os
import signal
import sqlite3
import stat
import subprocess
import time

import pytest

import closewait
from recording import Recorder, shown
from tracer import PATIENCE_S, binary, refused, tcplinger
from traffic import Pair

LEAKED, CLOSED, REFUSED = 4, 6, 3
HOSTILE = b"<b>\"x'\xff"
PORTS = 8


def make_traffic(make, space, server, client):
    """What there is to be found: leaks, closed ones, refused ones, a range that runs out."""
    for _ in range(LEAKED):
        closewait.leak(space, client, server)
    for _ in range(CLOSED):
        Pair(client, server).client_closes()
    client(f"[failure(connect, '127.0.0.1', 9) for i in range({REFUSED})]")
    greedy = make.actor(space, comm=b"greedy")
    server("full = listen('127.0.0.1', 7000, backlog=4096)")
    space.sysctl(ip_local_port_range=f"20000 {20000 + PORTS - 1}")
    greedy("kept = exhaust(connect, '127.0.0.1', 7000)")
    return greedy


def export(recording, database, *arguments):
    done = tcplinger("export", "-I", str(recording), "--sqlite", str(database), *arguments)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    return database


class Scene:
    def __init__(self, make, folder):
        self.space = make.space()
        self.server, self.client = make.actor(self.space), make.actor(self.space, comm=HOSTILE)
        with Recorder(space=self.space) as recorder:
            self.greedy = make_traffic(make, self.space, self.server, self.client)
            recorder.wait_shown("ports", lambda rows: any(r["type"] == "port_failure" for r in rows))
            assert recorder.stop() == 0
            self.recording = folder / "recording"
            os.rename(recorder.recording, self.recording)
        self.path = export(self.recording, folder / "recording.db")
        self.database = sqlite3.connect(self.path)
        self.database.row_factory = sqlite3.Row

    def rows(self, sql, *values):
        return [dict(row) for row in self.database.execute(sql, values)]

    def process(self, number):
        """As the JSON has it."""
        if number is None:
            return None
        [row] = self.rows("SELECT pid, start_time, comm, exe, cgroup, container FROM process "
                          "WHERE id = ?", number)
        return row


@pytest.fixture(scope="module")
def scene(make_module, tmp_path_factory):
    if refused():
        pytest.skip(refused())
    made = Scene(make_module, tmp_path_factory.mktemp("export"))
    yield made
    made.database.close()


def test_it_is_whole(scene):
    assert scene.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert scene.rows("PRAGMA foreign_key_check") == []
    meta = {row["key"]: row["value"] for row in scene.rows("SELECT * FROM meta")}
    assert meta["complete"] == 1 and meta["schema"] == 1 and meta["refreshes"] > 1
    assert meta["host"] == os.uname().nodename and meta["begun_at"] < meta["ended_at"]


def test_the_shell_of_sqlite_reads_it(scene):
    done = subprocess.run(["sqlite3", "-readonly", scene.path, "SELECT count(*) FROM transition"],
                          capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert int(done.stdout) == scene.rows("SELECT count(*) AS n FROM transition")[0]["n"]


def test_transitions_are_those_of_trace(scene):
    said = [o for o in shown(scene.recording, "trace") if o["type"] == "transition"]
    rows = scene.rows("SELECT t.*, c.cookie, c.netns, c.family, c.laddr FROM transition t "
                      "JOIN connection c ON c.id = t.connection ORDER BY t.id")
    assert len(rows) == len(said) > 0
    for row, transition in zip(rows, said):
        for key in ("time", "old", "new", "in_old_s", "owner_by", "end_reason", "error", "cookie",
                    "netns", "family", "laddr"):
            assert row[key] == pytest.approx(transition[key]) if key == "in_old_s" and row[key] \
                else row[key] == transition[key], key
        for key in ("owner", "closer"):
            found = scene.process(row[key])
            assert (found and found["pid"]) == (transition[key] and transition[key]["pid"])


def as_column(scene, key, column, value):
    """What stands in a column, as the JSON has it."""
    if key in ("process", "owner", "maker"):
        return scene.process(column)
    if isinstance(value, (dict, list)):
        return json.loads(column)
    if isinstance(value, bool):
        return bool(column)
    return column


@pytest.mark.parametrize("view, kind, table", [("leaks", "close_wait", "close_wait"),
                                               ("ports", "ports", "port_use"),
                                               ("ports", "port_failure", "port_failure"),
                                               ("ports", "loss", "loss")])
def test_rows_are_those_of_the_views(scene, view, kind, table):
    said = [o for o in shown(scene.recording, view) if o["type"] == kind]
    rows = scene.rows(f"SELECT * FROM {table} ORDER BY id")
    assert len(rows) == len(said) > 0
    for row, wanted in zip(rows, said):
        assert {*row} - {"id"} == {*wanted} - {"type"}
        for key in {*wanted} - {"type"}:
            found = as_column(scene, key, row[key], wanted[key])
            if key in ("process", "owner") and found:  # what is known of it grows
                found, wanted[key] = found["pid"], wanted[key]["pid"]
            assert found == wanted[key], key


def test_advice_is_that_of_diagnose(scene):
    said = [o for o in shown(scene.recording, "diagnose") if o["type"] == "advice"]
    rows = scene.rows("SELECT * FROM advice ORDER BY id")
    assert [(row["rule"], row["text"]) for row in rows] == [(o["rule"], o["text"]) for o in said]
    assert "ports_exhausted" in {row["rule"] for row in rows}
    for row, wanted in zip(rows, said):
        process = wanted["about"]["process"]
        assert (row["process"] and scene.process(row["process"])["pid"]) == (process and process["pid"])


def test_connections_are_those_that_were_made(scene):
    made = scene.rows("SELECT * FROM connection WHERE direction = 'out' AND owner = (SELECT id FROM "
                      "process WHERE pid = ?)", scene.client.pid)
    assert len(made) == LEAKED + CLOSED + REFUSED
    ends = sorted(row["end"] or row["state"] for row in made)
    assert ends == ["ECONNREFUSED"] * REFUSED + ["FIN_WAIT2"] * LEAKED + ["TIME_WAIT"] * CLOSED
    for row in made:
        assert row["opened_at"] and (row["ended_at"] is None) == (row["end"] is None)
        if row["state"] == "TIME_WAIT":
            assert row["opened_at"] < row["first_fin_at"] and row["established_s"] > 0
            assert row["closer"] == row["owner"] and row["sent_bytes"] == 0
    leaked = scene.rows("SELECT * FROM connection WHERE state = 'CLOSE_WAIT'")
    assert len(leaked) == LEAKED and {row["direction"] for row in leaked} == {"in"}


def test_time_waits_have_their_connection(scene):
    rows = scene.rows("SELECT t.*, c.direction, c.cookie AS of FROM time_wait t JOIN connection c "
                      "ON c.id = t.connection")
    assert len(rows) == CLOSED
    for row in rows:
        assert row["cookie"] == row["of"] and row["entered_at"] and row["ended_at"] is None


def test_the_usual_questions(scene):
    owners = scene.rows("SELECT * FROM close_wait_owners WHERE still_there > 0")
    assert sum(row["still_there"] for row in owners) == LEAKED
    assert {(row["pid"], row["direction"]) for row in owners} == {(scene.server.pid, "in")}
    waits = scene.rows("SELECT sum(time_waits) AS n, comm FROM time_waits_per_minute GROUP BY comm")
    assert [row["n"] for row in waits] == [CLOSED]
    [ran_out] = scene.rows("SELECT * FROM ports_ran_out")
    assert (ran_out["raddr"], ran_out["rport"], ran_out["supply"]) == ("127.0.0.1", 7000, PORTS)
    assert (ran_out["held_by"], ran_out["pid"], ran_out["ports"]) == ("greedy", scene.greedy.pid, PORTS)
    lives = scene.rows("SELECT * FROM lifetimes WHERE pid = ?", scene.client.pid)
    assert sum(row["connections"] for row in lives) == CLOSED + LEAKED
    assert all(row["shortest_s"] <= row["median_s"] <= row["longest_s"] for row in lives)
    assert {row["records"] for row in scene.rows("SELECT * FROM lost")} == {0}


def test_a_hostile_name_is_as_in_the_json(scene):
    [row] = scene.rows("SELECT comm FROM process WHERE pid = ?", scene.client.pid)
    assert row["comm"] == "<b>\"x'\ufffd"


def test_the_file_is_its_owners_and_replaced_whole(scene, tmp_path):
    path = tmp_path / "a.db"
    export(scene.recording, path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    os.chmod(path, 0o640)
    path.write_bytes(b"something else")
    export(scene.recording, path)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640 and os.listdir(tmp_path) == ["a.db"]
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT count(*) FROM connection").fetchone()[0] > 0


def test_from_stdin(scene, tmp_path):
    with open(scene.recording, "rb") as file:
        done = subprocess.run([binary(), "export", "-I", "-", "--sqlite", tmp_path / "a.db"],
                              stdin=file, capture_output=True, timeout=PATIENCE_S)
    assert done.returncode == 0
    with sqlite3.connect(tmp_path / "a.db") as database, sqlite3.connect(scene.path) as other:
        for table in ("connection", "transition", "process"):
            dump = f"SELECT * FROM {table}"
            assert database.execute(dump).fetchall() == other.execute(dump).fetchall()


def test_wrong_usage_is_one_line_and_leaves_no_file(scene, tmp_path):
    good = ["-I", str(scene.recording), "--sqlite", str(tmp_path / "a.db")]
    for arguments in ([], good[:2], good[2:], ["-I", str(tmp_path / "none"), *good[2:]],
                      [*good[:3], str(tmp_path)], [*good[:3], str(tmp_path / "no" / "a.db")],
                      [*good[:3], "/dev/null"], [*good, "--json"]):
        done = tcplinger("export", *arguments)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr
        assert done.stdout == ""
    assert os.listdir(tmp_path) == []


def test_what_is_no_recording(tmp_path):
    (tmp_path / "r").write_bytes(b"x" * 1000)
    done = tcplinger("export", "-I", str(tmp_path / "r"), "--sqlite", str(tmp_path / "a.db"))
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == ["r"]


def test_a_recording_that_was_cut_is_said_to_be(scene, tmp_path):
    data = scene.recording.read_bytes()
    (tmp_path / "r").write_bytes(data[:len(data) - 100])
    done = tcplinger("export", "-I", str(tmp_path / "r"), "--sqlite", str(tmp_path / "a.db"))
    assert done.returncode == 0 and len(done.stderr.splitlines()) == 1
    with sqlite3.connect(tmp_path / "a.db") as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("SELECT value FROM meta WHERE key = 'complete'").fetchone() == (0,)


def test_a_full_disk_leaves_what_was_there(scene, tmp_path):
    path = tmp_path / "a.db"
    path.write_text("old")
    done = subprocess.run(["bash", "-c", f"ulimit -f 40; trap '' XFSZ; exec {binary()} export "
                           f"-I {scene.recording} --sqlite {path}"], capture_output=True, text=True,
                          timeout=PATIENCE_S)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert path.read_text() == "old" and os.listdir(tmp_path) == ["a.db"]


def test_interrupted_it_writes_nothing(scene, tmp_path):
    """Its recording comes through a pipe that nobody fills."""
    process = subprocess.Popen([binary(), "export", "-I", "-", "--sqlite", tmp_path / "a.db"],
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=False)
    data = scene.recording.read_bytes()
    process.stdin.write(data[:len(data) // 2])
    process.stdin.flush()
    deadline = time.monotonic() + PATIENCE_S
    while not os.listdir(tmp_path):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1 and errors.endswith(b"interrupted; nothing was written\n"), errors
    assert os.listdir(tmp_path) == []
