# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every text in the midst of code that is looked up in a catalogue stands in each of them. (Texts of
tables are walked by tests/unit/test_translations.c.)"""
import glob
import os
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CATALOGUES = sorted(glob.glob(os.path.join(ROOT, "po", "*.po")))


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("texts") / "texts.pot")
    sources = glob.glob("user/**/*.c", root_dir=ROOT, recursive=True)
    done = run("xgettext", "--language=C", "--from-code=UTF-8", "--keyword", "--keyword=language_text:2",
               "--keyword=N_", "--output", path, *sources)
    assert done.returncode == 0, done.stderr
    return path


@pytest.mark.parametrize("catalogue", CATALOGUES)
def test_a_catalogue_has_what_is_looked_up(catalogue, texts):
    done = run("msgcmp", catalogue, texts)
    lacking = [line for line in done.stderr.splitlines() if "is not used" not in line]
    assert done.returncode == 0, "\n".join(lacking)


def test_there_is_one():
    assert [os.path.basename(catalogue) for catalogue in CATALOGUES] == ["zh_CN.po"]
