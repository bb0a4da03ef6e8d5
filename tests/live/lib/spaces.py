# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Network namespaces of a test's own: the only place where sysctls are touched."""
import os
import secrets
import subprocess

import sockdiag


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout


class Space:
    def __init__(self):
        self.name = "tcpl-" + secrets.token_hex(5)
        self.path = "/run/netns/" + self.name
        run("ip", "netns", "add", self.name)
        self.there = True
        self.inode = os.stat(self.path).st_ino
        run("ip", "-n", self.name, "link", "set", "lo", "up")
        # a FIN and an ACK that overtake each other end in an RST to the TIME_WAIT: not by chance
        self.sysctl(tcp_rfc1337=1)

    def enter(self, *command):
        """The command line that runs `command` inside."""
        return ["nsenter", "--net=" + self.path, *command]

    def run(self, *command):
        if command[0] == "ss":
            sockdiag.need()
        return run(*self.enter(*command))

    def sysctl(self, **settings):
        """sysctl(tcp_tw_reuse=1): below net.ipv4, of this namespace."""
        for name, value in settings.items():
            self.run("sysctl", "-q", "-w", f"net.ipv4.{name}={value}")

    def remove(self):
        if self.there:
            self.there = False
            run("ip", "netns", "del", self.name)
