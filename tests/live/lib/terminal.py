# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A terminal with a shell in it, as a person has one: tmux."""
import os
import shutil
import subprocess
import tempfile
import time

import pytest

PATIENCE_S = 30
PROMPT = "at your service$"


class Terminal:
    """`keys` as tmux names them; what is on the screen is asked for, not streamed."""

    def __init__(self, columns=80, lines=24, **environment):
        if not shutil.which("tmux"):
            pytest.skip("no tmux (package tmux)")
        self.folder = tempfile.mkdtemp(prefix="tcpl-tmux-")
        self.environment = {**os.environ, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **environment}
        with open(f"{self.folder}/rc", "w", encoding="utf-8") as file:
            file.write(f"PS1='{PROMPT} '\n")
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines),
                  f"bash --rcfile {self.folder}/rc")
        self.tmux("set-option", "-g", "default-terminal", "screen-256color")
        self.wait(lambda screen: PROMPT in screen)

    def tmux(self, *arguments):
        done = subprocess.run(["tmux", "-S", f"{self.folder}/socket", *arguments], check=True,
                              env=self.environment, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def lines(self):
        return self.screen().splitlines()

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def type(self, text):
        self.tmux("send-keys", "-l", "--", text)

    def run(self, line):
        self.type(line)
        self.keys("Enter")

    def wait(self, until, limit=PATIENCE_S):
        """The screen that is as it is waited for."""
        deadline = time.monotonic() + limit
        while not until(screen := self.screen()):
            assert time.monotonic() < deadline, screen
            time.sleep(0.05)
        return screen

    def wait_for(self, text, limit=PATIENCE_S):
        return self.wait(lambda screen: text in screen, limit)

    def is_plain(self):
        """Not in the other screen, the cursor shown, keys echoed: as it was before."""
        flags = self.tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}").split()
        return flags == ["0", "1"]

    def resize(self, columns, lines):
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def close(self):
        subprocess.run(["tmux", "-S", f"{self.folder}/socket", "kill-server"], check=False,
                       stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)
