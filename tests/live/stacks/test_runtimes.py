# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--stacks: functions that are not in a symbol table: C++'s, Python's, and what JIT compilers make."""
import os
import shutil
import subprocess

import pytest

from actors import PYTHON
from conftest import PROGRAMS

COUNT = 5
JAVA = ("java", "-XX:+PreserveFramePointer", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
        "-Xbatch", "-XX:CompileCommand=quiet", "-XX:CompileCommand=dontinline,Leak::*")
NODE = ("node", "--perf-basic-prof", "--interpreted-frames-native-stack",
        "--no-logfile-per-isolate")


def need(*names):
    for name in names:
        if not shutil.which(name):
            pytest.skip(f"{name} is not installed")


@pytest.fixture
def begun(make, space, peer, start):
    """begun(command): the program, and a view that has begun after it has; map files go with it."""
    def begin(*command, waits=True):
        program = start(*command)
        make.stack.callback(remove, f"/tmp/perf-{program.pid}.map")
        if waits:
            assert program.line(60) == "ready"
        return program
    return begin


def remove(path):
    if os.path.exists(path):
        os.unlink(path)


def go(program):
    program.process.stdin.write("go\n")
    program.process.stdin.flush()


def connects(view, pid, enough):
    """Of a row in which all that leaked is seen, the stacks that connected."""
    def seen(row):
        stacks = [s for s in row["stacks"] if s["event"] == "connect"]
        return row["sockets"] == COUNT and enough(stacks)
    return [s for s in view.wait_row(pid, seen)["stacks"] if s["event"] == "connect"]


def has_both(stacks):
    return sorted((s["count"], s["opened"], s["closed"]) for s in stacks) == [
        (0, COUNT, COUNT), (COUNT, COUNT, 0)]


def symbols(stack):
    return [frame["symbol"] or "" for frame in stack["frames"]]


def one_of(stacks, name):
    """The stack with that function; the other has none of it."""
    [stack] = [s for s in stacks if any(name in symbol for symbol in symbols(s))]
    return stack


def check_both(stacks, leaky="leaky", healthy="healthy"):
    assert one_of(stacks, leaky)["count"] == COUNT
    assert one_of(stacks, healthy)["count"] == 0
    assert not any(s["truncated"] for s in stacks)


def test_python_functions_and_lines(make, space, peer, begun):
    program = begun(PYTHON, os.path.join(PROGRAMS, "functions.py"), peer, str(COUNT))
    view = make.leaks("--stacks", "--age", "0.2", space=space)
    go(program)
    assert program.line() == "done"
    stacks = connects(view, program.pid, has_both)
    check_both(stacks, "Pool.leaky", "Pool.healthy")
    told = {frame["symbol"]: frame for frame in one_of(stacks, "Pool.leaky")["frames"]}
    assert told["Pool.dial"]["file"] == os.path.join(PROGRAMS, "functions.py")
    assert told["Pool.dial"]["line"] == 14
    assert told["Pool.leaky"]["line"] == 24  # of the call, which is not the statement's first
    assert told["<module>"]["line"] == 32
    assert told["create_connection"]["file"].endswith("/socket.py")


def test_cpp_names(make, space, peer, begun, compiled):
    need("g++")
    path = compiled("leak.cc", "-O2", "-x", "c++", "-lstdc++")
    view = make.leaks("--stacks", "--age", "0.2", space=space)
    program = begun(path, peer, str(COUNT), waits=False)
    assert program.line() == "done"
    check_both(connects(view, program.pid, has_both),
               "net::Pool<unsigned short>::leaky", "net::Pool<unsigned short>::healthy")


def test_java_functions_that_are_compiled(make, space, peer, begun, tmp_path):
    need("java", "javac", "jcmd")
    subprocess.run(["javac", "-d", tmp_path, os.path.join(PROGRAMS, "Leak.java")], check=True,
                   timeout=120)
    program = begun(*JAVA, "-cp", str(tmp_path), "Leak", peer, str(COUNT))
    subprocess.run(["jcmd", str(program.pid), "Compiler.perfmap"], check=True, timeout=60,
                   stdout=subprocess.DEVNULL)
    view = make.leaks("--stacks", "--age", "0.2", space=space)
    go(program)
    assert program.line() == "done"
    check_both(connects(view, program.pid, has_both), "Leak.leaky", "Leak.healthy")


def test_node_functions(make, space, peer, begun, tmp_path):
    """net.connect() connects later, when the application's function is not on the stack any more."""
    need("node")
    program = begun(*NODE, f"--logfile={tmp_path}/v8.log", os.path.join(PROGRAMS, "leak.js"), peer, str(COUNT))
    view = make.leaks("--stacks", "--age", "0.2", space=space)
    go(program)
    assert program.line() == "done"
    stacks = connects(view, program.pid, lambda stacks: sum(s["count"] for s in stacks) == COUNT)
    told = {frame["symbol"]: frame for frame in stacks[0]["frames"]}
    assert told["internalConnect"]["file"] == "node:net"
