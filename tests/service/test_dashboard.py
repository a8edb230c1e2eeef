"""The dashboard asks for numbers that the service has, by labels that they have."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from service.metrics import REGISTRY

FILE = Path(__file__).parents[2] / "deploy" / "grafana-dashboard.json"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "deploy.md"

ADDED = {"job", "instance", "le"}
"""Labels that Prometheus and its client add."""


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(FILE.read_text())
    return document


def _labels() -> dict[str, set[str]]:
    """The labels of every series, by its name."""
    found: dict[str, set[str]] = {}
    for collector in REGISTRY._collector_to_names:
        for name in REGISTRY._collector_to_names[collector]:
            found[name] = set(collector._labelnames)  # type: ignore[attr-defined]
    return found


def test_every_series_and_label_of_a_panel_is_one_of_the_services(dashboard: dict[str, Any]) -> None:
    known = _labels()
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]

    assert len(asked) >= 11
    for expression in asked:
        (name,) = re.findall(r"memnet_[a-z_]+", expression)
        assert name in known, expression
        used = set(re.findall(r"(\w+)=~", expression))
        for group in re.findall(r"by \(([^)]*)\)", expression):
            used |= set(group.replace(" ", "").split(","))
        assert used <= known[name] | ADDED, expression


def test_every_number_is_explained_and_shown(dashboard: dict[str, Any]) -> None:
    page, shown = PAGE.read_text(), FILE.read_text()
    for collector in REGISTRY._collector_to_names:
        name = collector._name  # type: ignore[attr-defined]
        assert f"`{name}" in page, name
        assert name in shown, name


def test_panels_have_places_of_their_own(dashboard: dict[str, Any]) -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]

    assert len(set(places)) == len(places)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(places)
