# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""lint.py finds what is wrong in a tree, says nothing of what is right, and skips what it cannot do."""
import os
import subprocess
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import junit  # noqa: E402
import lint  # noqa: E402

GOOD = {
    ".clang-format": "BasedOnStyle: LLVM\n",
    "user/a.c": "int a(const int *b) { return b ? *b : 0; }\n",
    "run.sh": "#!/bin/sh\necho \"$1\"\n",
    "a.py": "import os\nimport sys  # noqa: F401\nprint(os.getcwd())\n",
}
BAD = {
    "clang_format": {"user/a.c": "int a ( void ) { return 0; }\n"},
    "analyzer": {"user/a.c": "#include <stdlib.h>\n"
                             "void a(int *b) {\n  free(b);\n  free(b);\n}\n"},
    "shellcheck": {"run.sh": "#!/bin/sh\n[[ $1 == a ]] && echo a\n"},
    "pyflakes": {"a.py": "import os\n"},
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Makes a checkout of these files over good ones, and gives the outcome of each check."""
    def outcomes(files):
        monkeypatch.setattr(lint, "ROOT", str(tmp_path))
        for name, text in {**GOOD, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        subprocess.run("git init -q . && git add -A", shell=True, cwd=tmp_path, check=True)
        lint.main(str(tmp_path / "results"), [])
        return {case.name: case for case in junit.read(str(tmp_path / "results" / "lint.xml"))}
    return outcomes


def test_a_good_tree_is_clean(tree):
    found = tree({})
    assert set(found) == set(BAD)
    assert not [case for case in found.values() if case.outcome == junit.FAILED]


@pytest.mark.parametrize("check", BAD)
def test_what_is_wrong_is_found(tree, check):
    found = tree(BAD[check])
    if found[check].outcome == junit.SKIPPED:
        pytest.skip(found[check].message)
    assert found[check].outcome == junit.FAILED
    assert next(iter(BAD[check])) in found[check].message
    assert [name for name in found if found[name].outcome == junit.FAILED] == [check]


def test_what_is_not_there_is_skipped(tree, monkeypatch):
    monkeypatch.setattr(lint.shutil, "which", lambda tool: tool == "git")
    for case in tree({}).values():
        assert case.outcome == junit.SKIPPED and "is not installed" in case.message


def test_another_version_is_skipped(tree, monkeypatch):
    monkeypatch.setattr(lint, "VERSIONS", {"clang-format": 9999, "gcc": 9999})
    found = tree({})
    assert found["clang_format"].outcome == found["analyzer"].outcome == junit.SKIPPED
    assert "9999" in found["analyzer"].message
