# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Whether the kernel can list its TCP sockets: on most that takes a module, tcp_diag."""
import functools
import socket
import struct

import pytest

NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLMSG_ERROR = 2
REQUEST_DUMP = 0x301
LISTENING = 1 << 10


@functools.cache
def there():
    body = struct.pack("=BBBBI48x", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, LISTENING)
    header = struct.pack("=IHHII", 16 + len(body), SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as netlink:
        netlink.send(header + body)
        return struct.unpack_from("=IH", netlink.recv(65536))[1] != NLMSG_ERROR


def need():
    if not there():
        pytest.skip("this kernel has no tcp_diag")
