# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""As leak.c, once a line comes."""
import socket
import sys

kept = []


class Pool:
    def __init__(self, port):
        self.port = port

    def dial(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        while connection.recv(64):
            pass
        return connection

    def healthy(self):
        self.dial().close()

    def leaky(self):
        kept.append(
            self.dial())


print("ready", flush=True)
sys.stdin.readline()
pool = Pool(int(sys.argv[1]))
for _ in range(int(sys.argv[2])):
    pool.healthy()
    pool.leaky()
print("done", flush=True)
sys.stdin.read()
