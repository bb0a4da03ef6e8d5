# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A terminal of 120 columns, seen through a pseudo-terminal."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
import unicodedata

from tracer import binary

COLUMNS = 120
CLEAR = "\x1b[H\x1b[J"  # before each page
LONG = "2001:db8:1234:5678:9abc:def0:1234:5678"  # an address as long as they get
COLOR = re.compile(r"\x1b\[[0-9;]*m")


class Screen:
    """`tcplinger trace`, or another view, in a terminal of its own."""

    def __init__(self, space, *arguments, lines=24, columns=COLUMNS, environment=None,
                 command="trace"):
        self.space = space
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.ready = f"/tmp/{space.name}.ready"
        self.process = subprocess.Popen(
            [binary(), command, "--netns", space.name, "-i", "0.1", "--ready-file", self.ready,
             *arguments], stdin=slave, stdout=slave, stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})})
        os.close(slave)
        self.text = ""
        deadline = time.monotonic() + 10
        while not os.path.exists(self.ready):
            assert time.monotonic() < deadline and self.process.poll() is None
            time.sleep(0.01)

    def read(self, until, limit=10):
        deadline = time.monotonic() + limit
        while not until(self.text):
            assert time.monotonic() < deadline, self.text
            if select.select([self.master], [], [], 0.1)[0]:
                self.text += os.read(self.master, 65536).decode("utf-8")

    def lines(self):
        return self.text.replace("\r\n", "\n").splitlines()

    def close(self):
        if self.master is None:
            return
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)
        os.close(self.master)
        self.master = None
        os.unlink(self.ready)


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in COLOR.sub("", line))


def on_terminal(columns, *arguments):
    """What a command that ends shows there."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    process = subprocess.Popen([binary(), *arguments], stdin=slave, stdout=slave,
                               stderr=subprocess.DEVNULL)
    os.close(slave)
    text = b""
    try:
        while data := os.read(master, 65536):
            text += data
    except OSError:  # EIO: nobody has the other end any more
        pass
    os.close(master)
    assert process.wait(10) == 0
    return text.decode().replace("\r\n", "\n")


def pages(shown):
    return [page.replace("\r\n", "\n").splitlines() for page in shown.text.split(CLEAR)]
