# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Programs in C that a test builds for itself."""
import os
import shutil
import subprocess

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))


def built(source, tmp_path_factory):
    """The path of the program."""
    if not shutil.which("gcc"):
        pytest.skip("there is no gcc")
    path = str(tmp_path_factory.mktemp("built") / source.removesuffix(".c"))
    subprocess.run(["gcc", "-O2", "-std=c11", "-pthread", os.path.join(HERE, source), "-o", path],
                   check=True)
    return path
