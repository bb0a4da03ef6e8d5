# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What contrib/ has for others' programs, by these programs."""
import json
import os
import re
import shutil
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CONTRIB = os.path.join(ROOT, "contrib")
TOOLS = os.path.join(ROOT, "tests", "tools")
BINARY = os.environ.get("TCPLINGER") or os.path.join(ROOT, "build", "tcplinger")
# of `doctor`, as others write them; that of old kernels alone is left out
CAPABILITIES = {"BPF", "PERFMON", "SYS_ADMIN", "SYS_PTRACE", "DAC_READ_SEARCH", "SYSLOG"}


def run(program, *arguments):
    if not shutil.which(program):
        pytest.skip(f"no {program}")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)


def contrib(*path):
    return os.path.join(CONTRIB, *path)


def text_of(*path):
    with open(contrib(*path), encoding="utf-8") as file:
        return file.read()


def metrics():
    """The names that docs/metrics.md has."""
    with open(os.path.join(ROOT, "docs", "metrics.md"), encoding="utf-8") as file:
        cells = re.findall(r"^\| (`[^|]+) \|", file.read(), re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize("what", ["check", "test"])
def test_rules(what):
    file = {"check": "tcplinger.rules.yml", "test": "tcplinger.test.yml"}[what]
    result = run("promtool", what, "rules", contrib("prometheus", file))
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_dashboard_is_what_its_source_makes():
    result = run("jsonnet", contrib("grafana", "tcplinger.jsonnet"))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == json.loads(text_of("grafana", "tcplinger.json"))


@pytest.mark.parametrize("path", [("prometheus", "tcplinger.rules.yml"), ("grafana", "tcplinger.json")],
                         ids=["rules", "dashboard"])
def test_metrics_that_are_asked_for_are_there(path):
    asked = set(re.findall(r"\btcplinger_(\w+)\b", text_of(*path)))
    asked = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked} - {"rules"}
    assert asked and asked <= metrics()


def test_every_alert_is_tested_and_says_what_to_run():
    rules, tests = text_of("prometheus", "tcplinger.rules.yml"), text_of("prometheus", "tcplinger.test.yml")
    alerts = re.findall(r"alert: (\w+)", rules)
    assert len(re.findall(r'next: "(tcplinger |systemctl )', rules)) == len(alerts) > 5
    for alert in alerts:
        assert tests.count(alert) >= 2, f"{alert}: it fires, and it is silent"


def test_commands_that_alerts_name_are_understood():
    for line in re.findall(r'next: "tcplinger (.*)"', text_of("prometheus", "tcplinger.rules.yml")):
        words = re.sub(r"\{\{.*?\}\}", "x", line).split()
        assert run(BINARY, *words, "--help").returncode == 0, line


def test_units(tmp_path):
    """As they are, but for where the program is."""
    for name in ("tcplinger-serve.service", "tcplinger-serve.socket"):
        (tmp_path / name).write_text(text_of("systemd", name).replace("/usr/bin/tcplinger", BINARY))
        result = run("systemd-analyze", "verify", str(tmp_path / name))
        assert (result.returncode, result.stderr) == (0, ""), name
    bounding = re.search(r"^CapabilityBoundingSet=(.*)$", text_of("systemd", "tcplinger-serve.service"), re.MULTILINE)
    assert {name.removeprefix("CAP_") for name in bounding.group(1).split()} == CAPABILITIES


def test_the_unit_is_exposed_little():
    result = run("systemd-analyze", "security", "--offline=yes", contrib("systemd", "tcplinger-serve.service"))
    level = re.search(r"Overall exposure level.*: ([\d.]+)", result.stdout)
    assert level and float(level.group(1)) < 4, result.stdout[-200:]


def test_the_daemon_set_is_not_privileged():
    yaml = pytest.importorskip("yaml")
    with open(contrib("kubernetes", "daemonset.yaml"), encoding="utf-8") as file:
        document = yaml.safe_load(file)
    assert (document["apiVersion"], document["kind"]) == ("apps/v1", "DaemonSet")
    template = document["spec"]["template"]
    assert template["metadata"]["labels"] == document["spec"]["selector"]["matchLabels"]
    pod = template["spec"]
    assert pod["hostPID"] and not pod.get("hostNetwork") and not pod["automountServiceAccountToken"]
    [container] = pod["containers"]
    security = container["securityContext"]
    assert not security["privileged"] and security["readOnlyRootFilesystem"]
    assert security["capabilities"]["drop"] == ["ALL"]
    assert set(security["capabilities"]["add"]) == CAPABILITIES
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert all(mount["readOnly"] for mount in container["volumeMounts"])
    command = [os.path.basename(container["command"][0]), *container["command"][1:], *container["args"]]
    assert run(BINARY, *command[1:], "--help").returncode == 0


@pytest.fixture(scope="module")
def schema(tmp_path_factory):
    """A folder that npm has filled with what kubernetes/package.json names."""
    if not shutil.which("npm"):
        pytest.skip("no npm")
    folder = tmp_path_factory.mktemp("schema")
    shutil.copy(os.path.join(TOOLS, "kubernetes", "package.json"), folder)
    done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"], cwd=folder,
                          capture_output=True, text=True, timeout=300)
    if done.returncode:
        pytest.skip("npm cannot install the schema: " + done.stderr.strip().splitlines()[-1])
    return folder


def by_schema(schema, document):
    return subprocess.run(["node", os.path.join(TOOLS, "kubernetes", "validate.mjs"), str(schema)],
                          input=json.dumps(document), capture_output=True, text=True, timeout=60)


def test_the_daemon_set_is_as_the_schema_has_it(schema):
    document = pytest.importorskip("yaml").safe_load(text_of("kubernetes", "daemonset.yaml"))
    result = by_schema(schema, document)
    assert result.returncode == 0, result.stderr
    document["spec"]["template"]["spec"]["hostPID"] = "yes"
    result = by_schema(schema, document)
    assert result.returncode == 1 and "hostPID must be boolean" in result.stderr


def test_doctor_names_the_same_capabilities():
    result = run(BINARY, "doctor", "--json")
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    named = {o["name"].removeprefix("CAP_") for o in objects if o["type"] == "capability"}
    assert named == CAPABILITIES | {"NET_ADMIN"}
