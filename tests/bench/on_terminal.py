#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""on_terminal.py COMMAND...: becomes the command, on a terminal of 120x40 of which a child reads all
that is drawn. stderr stays what it is."""
import fcntl
import os
import pty
import struct
import sys
import termios


def read_all(master):
    try:
        while os.read(master, 65536):
            pass
    except OSError:  # EIO: nobody has the other end any more
        pass


def main(command):
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    if os.fork() == 0:
        os.close(slave)
        read_all(master)
        os._exit(0)
    os.close(master)
    os.dup2(slave, 0)
    os.dup2(slave, 1)
    os.execvpe(command[0], command, {**os.environ, "TERM": "xterm", "LC_ALL": "C.UTF-8"})


if __name__ == "__main__":
    main(sys.argv[1:])
