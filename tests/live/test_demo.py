# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What `make run` shows on an idle host."""

import os
import signal
import subprocess
import time

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
LIMIT_S = 60  # ten of them diagnose watches


def test_the_demo_shows_whole_lives_of_connections_of_its_own(tmp_path):
    build = os.path.dirname(os.environ.get("TCPLINGER", os.path.join(ROOT, "build/tcplinger")))
    output = tmp_path / "output"
    with open(output, "wb") as file:
        demo = subprocess.Popen([os.path.join(ROOT, "tests/demo"), build], stdout=file,
                                stderr=subprocess.STDOUT, start_new_session=True)
    deadline = time.monotonic() + LIMIT_S
    while b"load-client" not in output.read_bytes() or b"->TIME_WAIT" not in output.read_bytes():
        assert time.monotonic() < deadline, output.read_text(errors="replace")
        assert demo.poll() is None, output.read_text(errors="replace")
        time.sleep(0.05)
    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(LIMIT_S) == 0
    assert b"bad value" not in output.read_bytes()
    assert b"not judged: " in output.read_bytes() or b"wrong: " in output.read_bytes()
