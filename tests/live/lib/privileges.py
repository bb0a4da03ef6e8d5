# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The tool with fewer privileges than the tests have."""
import os
import shutil
import stat
import subprocess
import tempfile

import pytest

from tracer import binary


@pytest.fixture(scope="module")
def anyones_binary():
    """A copy where every user may run it."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to drop privileges from")
    with tempfile.TemporaryDirectory(prefix="tcpl-") as directory:
        os.chmod(directory, 0o755)
        copy = shutil.copy(binary(), directory)
        os.chmod(copy, stat.S_IRWXU | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
        yield copy


def run(*command, inside=None):
    """`inside`: a space, entered while there is still the privilege to."""
    return subprocess.run(inside.enter(*command) if inside else command, capture_output=True,
                          text=True, timeout=30, stdin=subprocess.DEVNULL)


def as_nobody(*command, inside=None):
    return run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *command,
               inside=inside)


def with_capabilities(capabilities, *command, inside=None):
    """As root without any capability but these."""
    wanted = "-all" + "".join(",+" + c for c in capabilities)
    return run("setpriv", "--bounding-set", wanted, "--inh-caps", wanted, *command, inside=inside)
