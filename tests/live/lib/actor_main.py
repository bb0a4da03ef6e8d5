#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A process of a test's own: runs the Python that comes as JSON lines on stdin, answers on stdout.

What is defined here is what the tests' snippets speak. Sockets stay in the snippets' variables.
"""
import ctypes
import errno
import json
import os
import select
import signal
import socket
import struct
import sys
import time  # noqa: F401 (for the snippets)

SO_COOKIE = 57
IPPROTO_MPTCP = 262
PR_SET_NAME = 15
IP_BIND_ADDRESS_NO_PORT = 24
IP_LOCAL_PORT_RANGE = 51
CLONE_NEWNET = 0x40000000
TCP_REPAIR = 19
TCP_REPAIR_QUEUE = 20
TCP_QUEUE_SEQ = 21
TCP_TIMESTAMP = 24
TCP_FIN_WAIT2 = 5
TCP_TIME_WAIT = 6
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20
NLM_F_REQUEST = 0x01
NLM_F_DUMP = 0x300
NLMSG_DONE = 3
libc = ctypes.CDLL(None, use_errno=True)


def enter_netns(path):
    with open(path, "rb") as file:
        if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), f"setns {path}")


def set_comm(name):
    """The name of the main thread, which the kernel calls the process's comm. `name`: bytes."""
    libc.prctl(PR_SET_NAME, ctypes.c_char_p(name), 0, 0, 0)


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def make(address="127.0.0.1", protocol=0):
    s = socket.socket(family_of(address), socket.SOCK_STREAM, protocol)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return s


def listen(address="127.0.0.1", port=0, protocol=0, backlog=128):
    s = make(address, protocol)
    if address == "::":
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind((address, port))
    s.listen(backlog)
    return s


def connect(address, port, source=None, protocol=0):
    s = make(address, protocol)
    if source:
        s.bind(source)
    s.connect((address, port))
    return s


def connect_from(source, address, port):
    """From an address, while connect() chooses the port."""
    s = make(address)
    s.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
    s.bind((source, 0))
    s.connect((address, port))
    return s


def bind(address, port, *options):
    """`options`: of SOL_SOCKET, that are set."""
    s = socket.socket(family_of(address), socket.SOCK_STREAM)
    for option in options:
        s.setsockopt(socket.SOL_SOCKET, option, 1)
    s.bind((address, port))
    return s


def begin(address, port, source=None):
    """connect() that nobody waits for."""
    s = make(address)
    if source:
        s.bind(source)
    s.setblocking(False)
    error = s.connect_ex((address, port))
    if error not in (0, errno.EINPROGRESS):
        raise OSError(error, os.strerror(error))
    return s


def connect_within(low, high, address, port):
    """From a range of the socket's own."""
    s = make(address)
    s.setsockopt(socket.IPPROTO_IP, IP_LOCAL_PORT_RANGE, high << 16 | low)
    s.connect((address, port))
    return s


def await_end(s):
    """Of a connect() that goes on: the name of its errno, None if all is well."""
    select.select([], [s], [], 15)
    return errno.errorcode.get(s.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))


def disconnect(s):
    if libc.connect(s.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16) != 0:
        raise OSError(ctypes.get_errno(), "disconnect")


def deafen(address, port):
    """A listener that answers no SYN: its queue has room for one, which is taken."""
    return listen(address, port, backlog=0), connect(address, port, (address, port + 1))


def exhaust(dial, *arguments):
    """What dial(*arguments) makes, again and again, until there is no port for one more."""
    made = []
    while True:
        try:
            made.append(dial(*arguments))
        except OSError as error:
            if error.errno != errno.EADDRNOTAVAIL:
                raise
            return made


def failure(call, *arguments):
    """The name of the errno that a call fails with; None if it does not."""
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return None


def accept(listener):
    listener.settimeout(10)
    return listener.accept()[0]


def cookie(s):
    """As `ss -e` prints it."""
    return "%x" % struct.unpack("=Q", s.getsockopt(socket.SOL_SOCKET, SO_COOKIE, 8))[0]


def port(s):
    return s.getsockname()[1]


def drain(s):
    """Reads to the end of file: then the peer's FIN has surely come."""
    s.settimeout(10)
    while s.recv(65536):
        pass


def reset_on_close(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def next_sequence(s):
    """The sequence number that `s` expects from its peer, read as a checkpoint tool would."""
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, 1)
    number = s.getsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ)
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, -1)
    return number & 0xffffffff


def skew_timestamps(s, ms):
    """From now on the timestamps of `s` are that much ahead."""
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    now = s.getsockopt(socket.IPPROTO_TCP, TCP_TIMESTAMP)
    s.setsockopt(socket.IPPROTO_TCP, TCP_TIMESTAMP, struct.pack("=I", (now + ms) & 0xffffffff))
    s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, -1)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def send_bare(source, target, sequence, flags):
    """A segment without data from `source` to `target`, both (IPv4 address, port), by a raw socket."""
    a, b = socket.inet_aton(source[0]), socket.inet_aton(target[0])
    header = struct.pack("!HHIIBBHHH", source[1], target[1], sequence, 0, 5 << 4, flags, 1024, 0, 0)
    pseudo = a + b + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(header))
    header = header[:16] + struct.pack("!H", checksum(pseudo + header)) + header[18:]
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP) as raw:
        raw.bind((source[0], 0))
        raw.sendto(header, (target[0], 0))


def send_rst(source, target, sequence):
    send_bare(source, target, sequence, 0x04)


def send_syn(source, target):
    """From a port that no socket has: the kernel answers the SYN-ACK with a reset."""
    send_bare(source, target, 0, 0x02)


def minisockets():
    """{cookie: (state, seconds to its timer)} of this namespace, as NETLINK_SOCK_DIAG has them to
    the millisecond: ss shows seconds."""
    found = {}
    for family in (socket.AF_INET, socket.AF_INET6):
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG) as diag:
            states = 1 << TCP_FIN_WAIT2 | 1 << TCP_TIME_WAIT
            request = struct.pack("=BBxxI48x", family, socket.IPPROTO_TCP, states)
            diag.send(struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY,
                                  NLM_F_REQUEST | NLM_F_DUMP, 1, 0) + request)
            done = False
            while not done:
                data = diag.recv(1 << 18)
                while data and not done:
                    length, kind = struct.unpack_from("=IH", data)
                    done = kind == NLMSG_DONE
                    if kind == SOCK_DIAG_BY_FAMILY:
                        state = data[17]
                        cookie, expires_ms = struct.unpack_from("=QI", data, 16 + 4 + 40)
                        found["%x" % cookie] = (state, expires_ms / 1000)
                    data = data[length + 3 & ~3:]
    return found


class Child:
    """A fork that waits for release(), runs `code`, then waits for stop()."""

    def __init__(self, code):
        self.go_read, self.go_write = os.pipe()
        self.done_read, self.done_write = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            self.run(code)

    def run(self, code):
        status = 1
        try:
            os.read(self.go_read, 1)
            exec(code, globals())
            os.write(self.done_write, b"x")
            os.read(self.go_read, 1)
            status = 0
        finally:
            os._exit(status)

    def release(self):
        os.write(self.go_write, b"x")
        os.read(self.done_read, 1)
        return self.pid

    def stop(self):
        os.write(self.go_write, b"x")
        os.waitpid(self.pid, 0)


def pass_socket(name, s):
    """SCM_RIGHTS through the abstract unix socket `name`, which take_socket opened."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as unix:
        unix.connect("\0" + name)
        socket.send_fds(unix, [b"x"], [s.fileno()])


def open_mailbox(name):
    box = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    box.bind("\0" + name)
    box.listen()
    return box


def take_socket(box):
    unix = box.accept()[0]
    fd = socket.recv_fds(unix, 1, 1)[1][0]
    unix.close()
    return socket.socket(fileno=fd)


def run(code):
    try:
        compiled = compile(code, "<snippet>", "eval")
    except SyntaxError:
        exec(compile(code, "<snippet>", "exec"), globals())
        return None
    return eval(compiled, globals())


def main():
    setup = json.loads(sys.argv[1])
    if setup.get("cgroup"):
        with open(os.path.join(setup["cgroup"], "cgroup.procs"), "w") as procs:
            procs.write(str(os.getpid()))
    if setup.get("netns"):
        enter_netns(setup["netns"])
    if setup.get("comm") is not None:
        set_comm(bytes.fromhex(setup["comm"]))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    print(json.dumps({"value": os.getpid()}), flush=True)
    for line in sys.stdin:
        try:
            answer = {"value": run(json.loads(line))}
        except Exception as error:  # told to the test, which raises it
            answer = {"error": f"{type(error).__name__}: {error}",
                      "errno": getattr(error, "errno", None)}
        try:
            print(json.dumps(answer), flush=True)
        except TypeError:  # a value that JSON has no form for, as a socket
            print(json.dumps({"value": None}), flush=True)


if __name__ == "__main__":
    main()
