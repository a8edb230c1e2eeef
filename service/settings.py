"""What an operator can set, by environment variable (`MEMNET_PORT`) or by an option of `memnet serve`."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from memnet.store import DEFAULT_DATABASE_URL


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
    """Address to listen on. This machine only by default, because there are no keys yet."""

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
    """Accept a public `host` although the service asks nobody for a key. Set it only where something else
    keeps strangers out: a port published on loopback, a private network, a proxy that asks."""

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

    max_watches_per_memory: int = Field(default=100, ge=0)
    """Most questions that may stand for one memory."""

    max_streams: int = Field(default=100, ge=0)
    """Most streams of events that one process keeps open."""

    watch_interval_s: float = Field(default=0.25, gt=0)
    """Seconds from one look of a process for changes to the next, while anybody listens."""

    log_level: Literal["critical", "error", "warning", "info", "debug"] = "info"
    """How much is logged. Facts and questions are logged at no level."""

    @field_validator("database_url")
    @classmethod
    def _is_a_database_url(cls, url: SecretStr) -> SecretStr:
        try:
            make_url(url.get_secret_value())
        except (ArgumentError, ValueError):
            # Not chained: SQLAlchemy's message repeats the URL, and so perhaps the password.
            raise ValueError("not a database URL; expected sqlite:///FILE or postgresql://…") from None
        return url

    @model_validator(mode="after")
    def _is_not_open_to_strangers(self) -> Settings:
        if not self.allow_unauthenticated and not is_loopback(self.host):
            raise ValueError(
                f"host {self.host} can be reached from other machines and no key is asked for; listen on "
                "127.0.0.1, or set MEMNET_ALLOW_UNAUTHENTICATED=1 where something else keeps strangers out"
            )
        return self

    @property
    def url(self) -> str:
        """The database URL, password included: never log it."""
        return self.database_url.get_secret_value()

    @property
    def hosts(self) -> frozenset[str] | None:
        """Names that requests may call the service by: this machine's own when it listens to nobody else and
        asks for no key, since a page in a browser here could otherwise read it by a name of its own. None
        where the operator said that something else keeps strangers out."""
        if not is_loopback(self.host):
            return None
        name = f"[{self.host}]" if ":" in self.host else self.host
        return frozenset({"localhost", "127.0.0.1", "[::1]", name.lower()})

    @property
    def migrates_at_start(self) -> bool:
        """Whether starting brings the schema up to date."""
        if self.auto_migrate is None:
            return make_url(self.url).get_backend_name() == "sqlite"
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
