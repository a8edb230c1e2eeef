"""Settings: where they come from, and which the service refuses."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from service.settings import Settings, explain


def test_the_defaults_need_nothing_and_are_closed_to_other_machines() -> None:
    settings = Settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.url == "sqlite:///var/memnet.db"
    assert settings.migrates_at_start
    assert settings.max_body_bytes == 4 * 1024 * 1024


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.7", "memnet.example", "2001:db8::1"])
def test_where_strangers_can_reach_the_service_a_key_is_always_asked_for(host: str) -> None:
    assert Settings(host=host).always_asks_for_keys
    assert not Settings(host=host, allow_unauthenticated=True).always_asks_for_keys


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_on_loopback_it_is_asked_for_when_there_are_keys(host: str) -> None:
    assert not Settings(host=host).always_asks_for_keys


def test_a_public_host_is_the_operators_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMNET_ALLOW_UNAUTHENTICATED", "1")
    monkeypatch.setenv("MEMNET_HOST", "0.0.0.0")

    assert Settings().host == "0.0.0.0"


def test_an_option_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMNET_PORT", "9000")

    assert Settings().port == 9000
    assert Settings(port=9001).port == 9001


def test_keeping_workers_on_processors_is_refused_where_the_system_cannot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr("os.sched_setaffinity", raising=False)
    monkeypatch.setenv("MEMNET_PIN_WORKERS", "true")

    with pytest.raises(ValidationError) as raised:
        Settings()

    assert "cannot keep a process on one processor (Linux can); leave it unset" in explain(raised.value)


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEMNET_CHECKPOINT", "")
    monkeypatch.setenv("MEMNET_DATABASE_URL", "")

    assert Settings().checkpoint is None
    assert Settings().url == "sqlite:///var/memnet.db"


@pytest.mark.parametrize(
    ("url", "chosen", "migrates"),
    [
        ("sqlite:///a.db", None, True),
        ("postgresql://memnet@db/memnet", None, False),
        ("postgresql://memnet@db/memnet", True, True),
        ("sqlite:///a.db", False, False),
    ],
)
def test_only_a_single_users_database_is_migrated_unasked(
    url: str, chosen: bool | None, migrates: bool
) -> None:
    assert Settings(database_url=url, auto_migrate=chosen).migrates_at_start is migrates


def test_a_password_is_neither_shown_nor_repeated() -> None:
    assert "hunter2" not in repr(Settings(database_url="postgresql://memnet:hunter2@db/memnet"))

    with pytest.raises(ValidationError) as caught:
        Settings(database_url="hunter2")

    assert "hunter2" not in str(caught.value)
    assert explain(caught.value) == (
        "MEMNET_DATABASE_URL: not a database URL; expected sqlite:///FILE or postgresql://…"
    )
