"""Alert rules and dashboard ask for figures that exist, and each rule has its section."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from detector.enums import ModelStatus, Status
from detector.tests.factories import (
    AnalysisFactory,
    ModelVersionFactory,
    PhotoFactory,
    VideoFactory,
)

FOLDER = Path(__file__).parents[3] / "docs" / "operations"
RULES = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"][0]["rules"]
PANELS = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
FIGURE = re.compile(r"\b((?:emotionsite|django|process)_\w+)(?:\{(\w+)[=!])?")
GROUPED = re.compile(r"\bby \(([^)]+)\)")
OF_PROMETHEUS = "up{"


@pytest.fixture
def shown(db: None, fresh_figures: None) -> dict[str, set[str]]:
    """Return the figures that are shown, with the names of their labels."""
    now = timezone.now()
    ModelVersionFactory.create(name="serving", sha256="a" * 64, status=ModelStatus.ACTIVE)
    AnalysisFactory.create(finished_at=now, timings_ms={"detect": 1}, photo=PhotoFactory.create())
    failed: dict[str, Any] = {"status": Status.FAILED, "model_version": None}
    AnalysisFactory.create(finished_at=now, error_code="timed_out", **failed)
    failed["error_message"] = "It took too long."
    VideoFactory.create(finished_at=now, error_code="timed_out", **failed)
    client = Client(headers={"host": "localhost"})
    client.get("/healthz")
    text = client.get("/metrics").content.decode()
    found: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def expressions() -> list[str]:
    panels = [target["expr"] for panel in PANELS for target in panel["targets"]]
    return [*(rule["expr"] for rule in RULES), *panels]


def test_every_figure_exists(shown: dict[str, set[str]]) -> None:
    for expression in expressions():
        figures = FIGURE.findall(expression)
        assert figures or expression.startswith(OF_PROMETHEUS), expression
        for name, label in figures:
            assert name in shown, expression
            assert not label or label in shown[name], expression
        names = {part.strip() for group in GROUPED.findall(expression) for part in group.split(",")}
        labels = set().union(*(shown[name] for name, _ in figures))
        assert names <= labels, expression


def test_failures_of_every_kind_have_a_rule(shown: dict[str, set[str]]) -> None:
    rules = " ".join(rule["expr"] for rule in RULES)
    failures = {name for name in shown if re.fullmatch(r"emotionsite_\w+_failed", name)}
    assert len(failures) == 2
    assert not [name for name in failures if f"{name}{{" not in rules]


def test_every_figure_of_ours_is_explained(shown: dict[str, set[str]]) -> None:
    text = (FOLDER.parent / "operations.md").read_text()
    ours = {name for name in shown if name.startswith("emotionsite_")}
    ours -= {"emotionsite_stage_seconds_gcount", "emotionsite_stage_seconds_gsum"}
    assert len(ours) >= 12
    assert not [name for name in ours if f"`{name}`" not in text]


def test_every_rule_has_a_test_for_promtool() -> None:
    tests = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
    fire = [each["alertname"] for test in tests for each in test.get("alert_rule_test", [])]
    assert fire == [rule["alert"] for rule in RULES]


def test_brackets_are_closed() -> None:
    for expression in expressions():
        for left, right in ("()", "[]", "{}"):
            assert expression.count(left) == expression.count(right), expression


def test_every_rule_has_its_section_and_every_section_its_rule() -> None:
    sections = re.findall(r"^## (\w+)$", (FOLDER / "runbook.md").read_text(), re.MULTILINE)
    assert sections == [rule["alert"] for rule in RULES]
    for rule in RULES:
        assert rule["annotations"]["runbook"].endswith(f"runbook.md#{rule['alert'].lower()}")
        assert rule["labels"]["severity"] in ("page", "ticket")
