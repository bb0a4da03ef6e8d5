# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Manual pages and completions, as `make install` lays them down: mandoc has nothing to say of the
pages, and in each shell a tab offers what the tool understands."""
import glob
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("TCPLINGER") or os.path.join(ROOT, "build", "tcplinger")
SHARE = os.path.join(os.path.dirname(BINARY), "share")
MAN = os.path.join(SHARE, "man")
PAGES = sorted(glob.glob(os.path.join(MAN, "man8", "*.8")))
NOT_INSTALLED = re.compile(r"referenced manual not found: Xr (tcplinger\S*|ss) 8$")
WORDS = {"--color": "auto always never", "--lang": "en zh", "--hooks": "auto fentry tracepoint",
         "--by": "pid comm exe cgroup container"}

pytestmark = pytest.mark.skipif(not PAGES, reason=f"{SHARE} is not built")


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)


def need(shell):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


def helped(*words):
    """The long options that --help has."""
    text = run(BINARY, *words, "--help", env={**os.environ, "LC_ALL": "C"}).stdout
    return set(re.findall(r"^  (?:-.,|   ) (--[\w.-]+)", text, re.MULTILINE))


def commands():
    text = run(BINARY, "--help", env={**os.environ, "LC_ALL": "C"}).stdout
    return re.findall(r"^  ([a-z]+) {2,}", text, re.MULTILINE)


def in_bash(line):
    """What a tab offers behind the line."""
    need("bash")
    script = ('source "$1"; read -ra COMP_WORDS <<<"$2"; [[ $2 != *" " ]] || COMP_WORDS+=("")\n'
              'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _tcplinger; printf "%s\\n" "${COMPREPLY[@]}"')
    done = run("bash", "-c", script, "bash", f"{SHARE}/bash-completion/completions/tcplinger", line)
    assert not done.stderr
    return set(done.stdout.split())


def in_fish(line):
    need("fish")
    script = f"source {SHARE}/fish/vendor_completions.d/tcplinger.fish; complete -C '{line}'"
    done = run("fish", "-c", script)
    assert not done.stderr
    return {offer.split("\t")[0] for offer in done.stdout.splitlines()}


def test_mandoc_has_nothing_to_say():
    need("mandoc")
    done = run("mandoc", "-Tlint", *PAGES)
    # those of tcplinger itself are not installed
    said = [line for line in done.stdout.splitlines() if not NOT_INSTALLED.search(line)]
    assert not said, "\n".join(said)


def test_a_page_that_is_referred_to_is_there():
    for page in PAGES:
        with open(page, encoding="utf-8") as file:
            for name in re.findall(r"^\.Xr (tcplinger\S*) 8", file.read(), re.MULTILINE):
                assert os.path.exists(f"{MAN}/man8/{name}.8"), page


def test_each_command_has_a_page():
    names = {os.path.basename(page) for page in PAGES}
    assert names == {"tcplinger.8", *(f"tcplinger-{command}.8" for command in commands())}


def test_a_page_has_the_options():
    for command in commands():
        with open(f"{MAN}/man8/tcplinger-{command}.8", encoding="utf-8") as file:
            found = {f"--{name}" for name in re.findall(r"^\.It.* Fl Fl ([\w.-]+)", file.read(), re.MULTILINE)}
        assert found == helped(command), command


@pytest.mark.parametrize("complete", [in_bash, in_fish])
def test_a_shell_offers_commands(complete):
    assert complete("tcplinger ") >= set(commands())
    assert complete("tcplinger diag") == {"diagnose"}


@pytest.mark.parametrize("complete", [in_bash, in_fish])
def test_a_shell_offers_the_options_of_a_command(complete):
    for command in commands():
        assert complete(f"tcplinger {command} --") == helped(command), command


@pytest.mark.parametrize("complete", [in_bash, in_fish])
def test_what_a_shell_offers_is_understood(complete):
    for option, words in WORDS.items():
        assert complete(f"tcplinger leaks {option} ") == set(words.split())
        for word in words.split():
            assert run(BINARY, "leaks", option, word, "--help").returncode == 0
    keys = complete("tcplinger ports --sort ")
    assert "exhausted_in_s" in keys
    for key in keys:
        assert run(BINARY, "ports", "--sort", key, "--help").returncode == 0


def typed_in_zsh(tmp_path, *lines, until):
    """What a terminal shows, until it shows that."""
    need("zsh")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(HOME=str(tmp_path), ZDOTDIR=str(tmp_path), TERM="dumb", LC_ALL="C.UTF-8", PS1="% ")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    shown = ""
    end = time.monotonic() + 30
    for line in lines:
        os.write(terminal, line.encode())
    while until not in shown and time.monotonic() < end:
        if select.select([terminal], [], [], 0.5)[0]:
            shown += os.read(terminal, 65536).decode(errors="replace")
    os.write(terminal, b"\x03exit\r")
    os.close(terminal)
    os.waitpid(pid, 0)
    return shown


@pytest.mark.parametrize("typed, offered", [("leaks --col", "--color="), ("diag", "diagnose"),
                                            ("ports --sort=exh", "--sort=exhausted_in_s")])
def test_zsh_completes(tmp_path, typed, offered):
    begin = f"fpath=({SHARE}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D\r"
    shown = typed_in_zsh(tmp_path, begin, f"tcplinger {typed}\t", until=offered)
    assert offered in shown
