# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""peer.py: a server that says a word to each and closes. Prints its port."""
import socket

with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        try:
            connection.sendall(b"word")
        except OSError:
            pass
        connection.close()
