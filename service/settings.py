"""What an operator can set, by environment variable (`MEMNET_PORT`) or by an option of `memnet serve`."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from memnet.store import DEFAULT_CACHE_BYTES, DEFAULT_DATABASE_URL

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder where workers count; Prometheus's library reads it when it is loaded."""


class Settings(BaseSettings):
    """The service's settings; every field is `MEMNET_` and its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="MEMNET_",
        frozen=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )

    host: str = "127.0.0.1"
    """Address to listen on. This machine only by default; where others can reach it there must be a key."""

    port: int = Field(default=8000, ge=0, le=65535)
    """TCP port to listen on; 0 lets the system choose a free one."""

    database_url: SecretStr = SecretStr(DEFAULT_DATABASE_URL)
    """SQLAlchemy URL of the store. Secret, since a PostgreSQL URL holds a password."""

    checkpoint: Path | None = None
    """The network to answer with; the one shipped with memnet when not set."""

    auto_migrate: bool | None = None
    """Whether starting brings the schema up to date. Not set: yes for SQLite, which has one user, and no
    otherwise, where migrating is a step of its own (`memnet migrate`)."""

    allow_unauthenticated: bool = False
    """Start on a public `host` although there is no key yet, and ask nobody for one until there is. Set it
    only where something else keeps strangers out: a port published on loopback, a private network."""

    server_names: str = ""
    """Names, with commas between them, that requests may call the service by, beside this machine's own when
    it listens on loopback: those of a proxy in front of it. Not set on a public `host`: any name."""

    workers: int = Field(default=1, ge=1, le=64)
    """Processes that answer, on one port and one database."""

    pin_workers: bool = False
    """Keep each process on one of the processors that the first may use, in turn, so that its threads hand
    over without waking another processor. Linux only, and only where nothing else wants these processors: two
    services that see the same ones would choose the same."""

    cache_mib: int = Field(default=DEFAULT_CACHE_BYTES >> 20, ge=0)
    """Indexes that each process keeps in memory at most, in MiB; a fact takes about one KiB. A memory whose
    index is gone is read from the database when it is asked again, one that is larger than all of it each
    time."""

    max_body_bytes: int = Field(default=4 * 1024 * 1024, ge=1024)
    """Longest request body, in bytes; a longer one is 413."""

    max_facts_per_request: int = Field(default=500, ge=1)
    """Most facts in one request."""

    max_fact_characters: int = Field(default=2000, ge=1)
    """Longest text of a fact, in characters."""

    max_question_characters: int = Field(default=500, ge=1)
    """Longest question, in characters."""

    max_questions_per_batch: int = Field(default=100, ge=1)
    """Most questions in one batch."""

    max_concurrent_requests: int = Field(default=256, ge=1)
    """Most requests that one process works on or keeps waiting; one more is 503 `overloaded` at once. Three
    quarters of them may wait for the network; the others are left to those that only read."""

    max_wait_s: float = Field(default=5.0, ge=0)
    """Longest time, in seconds, that a request waits for its turn at the network; then it is 503
    `overloaded`."""

    request_timeout_s: float = Field(default=30.0, gt=0)
    """Longest time until an answer begins, in seconds; then it is 503 `timed_out`."""

    rate_limit_per_minute: int | None = Field(default=None, ge=0)
    """Requests per minute of each class, for each key in one process, or for each address where nobody is
    asked for a key; they may come at once. Classes are `read`, `ask` (questions, searches), `write` (facts,
    memories, watches) and `admin` (deleting, erasing, metrics), by what a key has to allow. 0 for any number.
    Not set: 12000 with a key, any number without."""

    rate_limit_read_per_minute: int | None = Field(default=None, ge=0)
    """The same for the class `read` alone. Not set: as `MEMNET_RATE_LIMIT_PER_MINUTE`."""

    rate_limit_ask_per_minute: int | None = Field(default=None, ge=0)
    """The same for the class `ask` alone. Not set: as `MEMNET_RATE_LIMIT_PER_MINUTE`."""

    rate_limit_write_per_minute: int | None = Field(default=None, ge=0)
    """The same for the class `write` alone. Not set: as `MEMNET_RATE_LIMIT_PER_MINUTE`."""

    rate_limit_admin_per_minute: int | None = Field(default=None, ge=0)
    """The same for the class `admin` alone. Not set: as `MEMNET_RATE_LIMIT_PER_MINUTE`."""

    drain_s: float = Field(default=0.0, ge=0)
    """Seconds between SIGTERM and the end of accepting, in which `/readyz` says 503, so that a balancer stops
    sending before connections are refused."""

    log_format: Literal["json", "console"] | None = None
    """`json`: one object per line; `console`: for eyes. Not set: `console` on a terminal, else `json`."""
    max_watches_per_memory: int = Field(default=100, ge=0)
    """Most questions that may stand for one memory."""

    max_streams: int = Field(default=100, ge=0)
    """Most streams of events that one process keeps open."""

    max_stream_s: float = Field(default=300.0, gt=0)
    """Seconds after which a stream of events ends; its listener connects again, with a key that is valid."""

    watch_interval_s: float = Field(default=0.25, gt=0)
    """Seconds from one look of a process for changes to the next, while anybody listens."""

    mcp: bool = False
    """Offer the memory as tools for agents at `/mcp` (Model Context Protocol); needs the extra `mcp`."""

    log_level: Literal["critical", "error", "warning", "info", "debug"] = "info"
    """How much is logged. Facts and questions are logged at no level."""

    @field_validator("pin_workers")
    @classmethod
    def _can_pin(cls, pin_workers: bool) -> bool:
        if pin_workers and not hasattr(os, "sched_setaffinity"):
            raise ValueError("this system cannot keep a process on one processor (Linux can); leave it unset")
        return pin_workers

    @field_validator("database_url")
    @classmethod
    def _is_a_database_url(cls, url: SecretStr) -> SecretStr:
        try:
            make_url(url.get_secret_value())
        except (ArgumentError, ValueError):
            # Not chained: SQLAlchemy's message repeats the URL, and so perhaps the password.
            raise ValueError("not a database URL; expected sqlite:///FILE or postgresql://…") from None
        return url

    @property
    def url(self) -> str:
        """The database URL, password included: never log it."""
        return self.database_url.get_secret_value()

    @property
    def hosts(self) -> frozenset[str] | None:
        """Names that requests may call the service by: this machine's own when it listens to nobody else,
        since a page in a browser here could otherwise read it by a name of its own, and those that are
        configured. None for any name."""
        named = {each.strip().lower() for each in self.server_names.split(",") if each.strip()}
        name = f"[{self.host}]" if ":" in self.host else self.host
        if not is_loopback(self.host):
            return frozenset(named) or None
        return frozenset({"localhost", "127.0.0.1", "[::1]", name.lower(), *named})

    @property
    def always_asks_for_keys(self) -> bool:
        """Whether a key is asked for even before there is one: strangers can reach the service."""
        return not self.allow_unauthenticated and not is_loopback(self.host)

    @property
    def has_server(self) -> bool:
        """Whether a server has the database, and not a file."""
        return make_url(self.url).get_backend_name() != "sqlite"

    @property
    def migrates_at_start(self) -> bool:
        """Whether starting brings the schema up to date."""
        if self.auto_migrate is None:
            return not self.has_server
        return self.auto_migrate


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # A name can resolve to anything; '' is every interface.


def explain(error: ValidationError) -> str:
    """One line for what is wrong with the settings.

    >>> try:
    ...     Settings(port=70000)
    ... except ValidationError as error:
    ...     print(explain(error))
    MEMNET_PORT: Input should be less than or equal to 65535
    """
    problems = []
    for item in error.errors(include_url=False, include_input=False):
        where = "".join(f"MEMNET_{str(part).upper()}: " for part in item["loc"][:1])
        problems.append(where + item["msg"].removeprefix("Value error, "))
    return "; ".join(problems)


def table() -> str:
    """Every setting as a row of Markdown, for `docs/how-to/serve.md`."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, SecretStr):
            default = default.get_secret_value()
        shown = (
            "not set"
            if default is None
            else f"`{str(default).lower() if isinstance(default, bool) else default}`"
        )
        meaning = " ".join((field.description or "").split())
        rows.append(f"| `MEMNET_{name.upper()}` | {shown} | {meaning} |")
    return "\n".join(rows) + "\n"
