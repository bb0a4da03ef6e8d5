# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""As leak.c."""
import socket
import sys

kept = []


def dial():
    return socket.create_connection(("127.0.0.1", int(sys.argv[1])))


def read_all(connection):
    while connection.recv(64):
        pass


def healthy():
    connection = dial()
    read_all(connection)
    connection.close()


def leaky():
    connection = dial()
    read_all(connection)
    kept.append(connection)


for _ in range(int(sys.argv[2])):
    healthy()
for _ in range(int(sys.argv[3])):
    leaky()
print("done", flush=True)
sys.stdin.read()
