"""The container files, read as data: what must hold where no container can be started."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


@pytest.fixture(scope="module")
def dockerfile() -> str:
    return (ROOT / "Dockerfile").read_text()


def _lint(file: Path) -> subprocess.CompletedProcess[str]:
    """The compose specification's own schema, which comes with the linter: no network."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_compose_file_is_one_by_its_specification(tmp_path: Path) -> None:
    file = ROOT / "docker-compose.yml"
    assert _lint(file).returncode == 0, _lint(file).stdout

    misspelt = tmp_path / "docker-compose.yml"
    misspelt.write_text(file.read_text().replace("healthcheck:", "healthchek:", 1))
    found = _lint(misspelt)
    assert found.returncode == 1
    assert "healthchek" in found.stdout


def test_the_password_has_no_default(services: dict[str, Any]) -> None:
    passwords = [
        services["database"]["environment"]["POSTGRES_PASSWORD"],
        services["migrate"]["environment"]["PGPASSWORD"],
        services["api"]["environment"]["PGPASSWORD"],
    ]

    for password in passwords:
        assert password.startswith("${POSTGRES_PASSWORD:?")


def test_only_this_machine_reaches_the_service_and_nobody_the_database(services: dict[str, Any]) -> None:
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]
    for name in ("database", "migrate"):
        assert "ports" not in services[name]


def test_the_service_listens_inside_and_says_that_somebody_has_thought_of_it(
    services: dict[str, Any], dockerfile: str
) -> None:
    assert services["api"]["environment"]["MEMNET_HOST"] == "0.0.0.0"
    assert services["api"]["environment"]["MEMNET_ALLOW_UNAUTHENTICATED"] == "1"
    assert "ALLOW_UNAUTHENTICATED=" not in re.sub(r"(?m)^#.*", "", dockerfile)


def test_migrating_is_a_step_of_its_own_before_the_service(services: dict[str, Any]) -> None:
    assert services["migrate"]["command"] == ["memnet", "migrate"]
    assert services["migrate"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert services["api"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert services["api"]["environment"]["MEMNET_AUTO_MIGRATE"] == "0"


def test_both_answer_for_their_health(services: dict[str, Any]) -> None:
    assert services["database"]["healthcheck"]["test"][1] == "pg_isready"
    test = services["api"]["healthcheck"]["test"]
    assert test[:3] == ["CMD", "python", "-c"]
    compile(test[3], "healthcheck", "exec")
    assert "/readyz" in test[3]


def test_data_is_in_a_named_volume(compose: dict[str, Any]) -> None:
    assert compose["services"]["database"]["volumes"] == ["database:/var/lib/postgresql"]
    assert "database" in compose["volumes"]


def test_images_are_pinned(services: dict[str, Any], dockerfile: str) -> None:
    images = [services["database"]["image"], *re.findall(r"(?m)^FROM (\S+)", dockerfile)]

    assert len(images) == 3
    for image in images:
        assert re.search(r":\d+\.\d+", image), image


def test_the_service_has_time_to_end(services: dict[str, Any]) -> None:
    from service.cli import GRACE_S

    drain_s = float(services["api"]["environment"].get("MEMNET_DRAIN_S", Settings().drain_s))
    assert int(services["api"]["stop_grace_period"].removesuffix("s")) > GRACE_S + drain_s


def test_every_setting_in_the_container_files_is_one(services: dict[str, Any], dockerfile: str) -> None:
    names = {f"MEMNET_{name.upper()}" for name in Settings.model_fields}
    used = {name for name in services["api"]["environment"] if name.startswith("MEMNET_")}
    used |= set(re.findall(r"MEMNET_[A-Z_]+", dockerfile))

    assert used <= names


def test_the_image_does_not_run_as_root_and_pins_its_packages(dockerfile: str) -> None:
    users = re.findall(r"(?m)^USER (\S+)", dockerfile)

    assert users == ["memnet"]
    assert dockerfile.index("USER memnet") < dockerfile.index('CMD ["memnet"')
    assert 'pip install -c constraints.txt ".[observability]"' in dockerfile


def test_nothing_names_a_package_host(dockerfile: str) -> None:
    for text in (dockerfile, (ROOT / "docker-compose.yml").read_text()):
        assert not re.findall(r"https?://(?!127\.0\.0\.1)", text)


def test_every_file_the_image_copies_is_let_in(dockerfile: str) -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"}
    copied = set()
    for line in re.findall(r"(?m)^COPY (?!--)(.+)", dockerfile):
        copied |= set(line.split()[:-1])

    assert copied == let_in
    for name in copied:
        assert (ROOT / name).exists()
