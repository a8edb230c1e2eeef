"""`python -m service.reference`: write the pages that are made from the code, in a checkout.

`docs/openapi.json` is the API, `docs/commands.md` the commands, the table in `docs/how-to/serve.md` the
settings, and three modules of `memnet.client` are made from the API. A test fails when one of them is
not what the code says.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from service import client_code, command_page
from service.app import create_app
from service.openapi import rendered
from service.settings import Settings, table

DOCS = Path(__file__).parents[1] / "docs"
CLIENT = Path(__file__).parents[1] / "memnet" / "client"
BEGIN, END = "<!-- settings: made by python -m service.reference -->\n", "<!-- end of settings -->\n"


def api() -> str:
    """The API with the default settings, whatever this machine's environment sets."""
    ours = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("MEMNET_")}
    try:
        return rendered(create_app(Settings()))
    finally:
        os.environ.update(ours)


def client() -> dict[str, str]:
    """The modules of the client that are made from the API, by name."""
    return client_code.files(json.loads(api()))


def with_settings(page: str) -> str:
    """A page with its table of settings as the code has it."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    (DOCS / "openapi.json").write_text(api(), encoding="utf-8")
    (DOCS / "commands.md").write_text(command_page.page(), encoding="utf-8")
    serve = DOCS / "how-to" / "serve.md"
    serve.write_text(with_settings(serve.read_text(encoding="utf-8")), encoding="utf-8")
    for name, code in client().items():
        (CLIENT / name).write_text(code, encoding="utf-8")
