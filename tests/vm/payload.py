# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What every guest has: the binary, the live tests, Python with pytest, and the tools they call, all
of this machine, with the libraries that they are linked to."""
import os
import re
import shutil
import subprocess
import sysconfig

from cpio import Cpio

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GUEST_ROOT = "/tcplinger"
PYTHON = "/usr/bin/python3"
TOOLS = ("ip", "ss", "nsenter", "unshare", "setpriv", "sysctl", "mount", "bpftool", "nft")
# of the standard library: large, and nothing that a test imports
NOT_PACKED = {"test", "idlelib", "lib2to3", "tkinter", "ensurepip", "distutils", "pydoc_data",
              "turtledemo", "dist-packages"}
ACCOUNTS = {"/etc/passwd": "root:x:0:0::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n",
            "/etc/group": "root:x:0:\nnogroup:x:65534:\n"}
# Says which packages a test run imports from outside of the standard library.
LIST_PACKAGES = """
import contextlib, io, sys, sysconfig, pytest
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    pytest.main(["--version"])
for name, module in list(sys.modules.items()):
    path = getattr(module, "__file__", None) or ""
    if "." not in name and path and not path.startswith(sysconfig.get_path("stdlib") + "/"):
        print(path)
"""


def libraries(path):
    """ldd of a static binary, or of no binary, fails: there is nothing to name."""
    result = subprocess.run(["ldd", path], capture_output=True, text=True)
    return re.findall(r"(/\S+) \(0x", result.stdout) if result.returncode == 0 else []


def copy_linked(archive, path, name=None):
    archive.copy(path, name)
    for library in libraries(path):
        archive.copy(library)


def copy_tree(archive, folder, name=None, leave=frozenset()):
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(set(folders) - leave)
        for file in sorted(files):
            path = os.path.join(at, file)
            where = os.path.join(name, os.path.relpath(path, folder)) if name else None
            copy = copy_linked if ".so" in file else Cpio.copy
            copy(archive, path, where)


def add_python(archive):
    copy_linked(archive, PYTHON)
    copy_tree(archive, sysconfig.get_path("stdlib"), leave=NOT_PACKED)
    listed = subprocess.run([PYTHON, "-c", LIST_PACKAGES], check=True, capture_output=True,
                            text=True, env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    for path in listed.stdout.splitlines():
        if os.path.basename(path) == "__init__.py":
            copy_tree(archive, os.path.dirname(path))
        else:
            archive.copy(path)


def add_tools(archive):
    archive.copy("/bin/busybox")
    archive.symlink("/usr/bin/sh", "busybox")
    for tool in TOOLS:
        path = shutil.which(tool, path="/usr/bin:/usr/sbin:/bin:/sbin")
        if path:
            copy_linked(archive, path)


def add_project(archive, build):
    for program in ("tcplinger", "tests/load", "tests/crowd", "tests/together"):
        copy_linked(archive, os.path.join(build, program), f"{GUEST_ROOT}/build/{program}")
    copy_tree(archive, os.path.join(ROOT, "tests/live"), f"{GUEST_ROOT}/tests/live",
              leave={"__pycache__"})
    # those of guests only stand beside them, and so have their fixtures
    copy_tree(archive, os.path.join(ROOT, "tests/vm/guest"), f"{GUEST_ROOT}/tests/live",
              leave={"__pycache__"})
    archive.copy(os.path.join(ROOT, "tests/demo"), f"{GUEST_ROOT}/tests/demo")
    archive.copy(os.path.join(ROOT, "tests/vm/guest/init"), "/init")


def pack(build):
    archive = Cpio()
    for name in ("bin", "sbin", "lib", "lib64"):
        if os.path.islink("/" + name):
            archive.symlink("/" + name, os.readlink("/" + name))
    add_tools(archive)
    add_python(archive)
    add_project(archive, build)
    for name, text in ACCOUNTS.items():
        archive.text(name, text)
    return archive.data()
