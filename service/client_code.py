"""The client's methods and types, made from the API: `memnet/client/types.py`, `sync.py` and `aio.py`."""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from collections.abc import Iterator
from textwrap import indent, wrap
from typing import Any

HEAD = '''"""{title} Made by `python -m service.reference` from the API."""

from __future__ import annotations

'''

REPEATABLE = {
    "ask_memory": "not save",
    "ask_batch": "True",
    "ask_facts": "True",
    "search_facts": "True",
    "erase_facts": "dry_run is not False",
    "replay_answer": "True",
    "explain_answer": "True",
}
"""Which `POST` may be sent twice; one that takes an idempotency key always may."""

BY_HAND = {"follow_watch"}
"""Written in `memnet.client.events`."""


def files(api: dict[str, Any]) -> dict[str, str]:
    """The text of each file, by name."""
    methods = [
        _Method(verb.upper(), path, operation, api)
        for path, verbs in api["paths"].items()
        for verb, operation in verbs.items()
        if operation["operationId"] not in BY_HAND
    ]
    return {
        "types.py": _formatted(_types(api)),
        "sync.py": _formatted(_client("Client", "Following", methods, api, prefix="")),
        "aio.py": _formatted(_client("AsyncClient", "AsyncFollowing", methods, api, prefix="async ")),
    }


def _formatted(code: str) -> str:
    for command in (["check", "--fix-only", "--quiet"], ["format"]):
        code = subprocess.run(  # noqa: S603 - our own tool on our own text
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", "memnet/client/made.py", "-"],
            input=code,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return code


def _types(api: dict[str, Any]) -> str:
    blocks = []
    for name, schema in sorted(api["components"]["schemas"].items()):
        if "properties" not in schema:
            raise ValueError(f"the schema {name} is no object; teach service.client_code what it is")
        required = set(schema.get("required", []))
        lines = [f"class {_name(name)}(TypedDict):", *_docstring(schema.get("description", name), 4)]
        for field, of in schema["properties"].items():
            kind = _type(of)
            lines.append(f"    {field}: {kind if field in required else f'NotRequired[{kind}]'}")
        blocks.append("\n".join(lines))
    imports = "from typing import Any, Literal, NotRequired, TypedDict\n\n\n"
    return HEAD.format(title="What the service is sent and answers.") + imports + "\n\n\n".join(blocks) + "\n"


def _client(name: str, base: str, methods: list[_Method], api: dict[str, Any], prefix: str) -> str:
    body = "\n\n".join(method.code(prefix) for method in methods)
    kinds = {word for method in methods for kind in method.kinds() for word in re.findall(r"\w+", kind)}
    used = sorted(kinds & set(map(_name, api["components"]["schemas"])))
    title = "Every operation of the service, " + ("to be awaited." if prefix else "as a method.")
    imports = [
        f"from typing import {', '.join(sorted(kinds & {'Any', 'Literal'}))}, cast",
        "from urllib.parse import quote",
        "",
        f"from memnet.client.events import {base}",
        "from memnet.client.transport import Call",
        f"from memnet.client.types import ({', '.join(used)})",
    ]
    doc = '    """The service, as far away as its address. See `memnet.client`."""'
    quoting = "def _path(part: str) -> str:\n    return quote(part, safe='')\n"
    return (
        HEAD.format(title=title)
        + "\n".join(imports)
        + f"\n\n\nclass {name}({base}):\n{doc}\n\n{indent(body, '    ')}\n\n\n{quoting}"
    )


class _Method:
    """One operation."""

    def __init__(self, verb: str, path: str, operation: dict[str, Any], api: dict[str, Any]) -> None:
        self.verb = verb
        self.path = path
        self.name = str(operation["operationId"])
        self.description = str(operation.get("description", operation.get("summary", "")))
        self.parameters = operation.get("parameters", [])
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        self.body_required = bool(operation.get("requestBody", {}).get("required"))
        self.body = _resolved(_not_null(content["schema"]), api) if content else None
        self.answer = self._answer(operation["responses"])

    @staticmethod
    def _answer(responses: dict[str, Any]) -> str:
        kinds = [
            _type(response["content"]["application/json"]["schema"])
            for status, response in responses.items()
            if status.startswith("2") and "application/json" in response.get("content", {})
        ]
        return kinds[0] if kinds else "None"

    def _named(self, where: str) -> list[dict[str, Any]]:
        return [each for each in self.parameters if each["in"] == where]

    def _arguments(self) -> Iterator[tuple[str, str, bool]]:
        """Name, type and whether it has to be given."""
        for name in re.findall(r"{(\w+)}", self.path):
            yield _argument(name), "str", True
        for where in ("query", "header"):
            for parameter in self._named(where):
                yield (
                    _argument(parameter["name"]),
                    _type(parameter["schema"]),
                    parameter.get("required", False),
                )
        if self.body is not None:
            required = set(self.body.get("required", []))
            for field, schema in self.body["properties"].items():
                yield _argument(field), _type(schema), field in required

    def kinds(self) -> Iterator[str]:
        """The types that it names."""
        yield self.answer
        for _, kind, _ in self._arguments():
            yield kind

    def code(self, prefix: str) -> str:
        """The method's text; `prefix` is "async " for one to be awaited."""
        given = [f"{name}: {kind}" for name, kind, required in self._arguments() if required]
        optional = [
            f"{name}: {_or_none(kind)} = None" for name, kind, required in self._arguments() if not required
        ]
        arguments = ", ".join(["self", *given, *(["*", *optional] if optional else [])])
        wait = "await " if prefix else ""
        sent = f"{wait}self._send({self._call()})"
        result = sent if self.answer == "None" else f"return cast('{self.answer}', {sent})"
        return "\n".join(
            [
                f"{prefix}def {self.name}({arguments}) -> {self.answer}:",
                *_docstring(self.description, 4),
                f"    {result}",
            ]
        )

    def _call(self) -> str:
        path = re.sub(r"{(\w+)}", lambda found: f"{{_path({_argument(found[1])})}}", self.path)
        parts = [f"'{self.verb}'", f"f'{path}'" if "{" in path else f"'{path}'"]
        for where, keyword_of in (("query", "query"), ("header", "headers")):
            named = self._named(where)
            if named:
                inside = ", ".join(f"'{each['name']}': {_argument(each['name'])}" for each in named)
                parts.append(f"{keyword_of}={{{inside}}}")
        if self.body is not None:
            inside = ", ".join(f"'{field}': {_argument(field)}" for field in self.body["properties"])
            parts.append(f"body={{{inside}}}")
        takes_key = any(each["name"].lower() == "idempotency-key" for each in self.parameters)
        if takes_key:
            parts.append("named=True")
        elif self.verb == "POST":
            repeatable = REPEATABLE.get(self.name, "False")
            if repeatable != "True":
                parts.append(f"repeatable={repeatable}")
        return f"Call({', '.join(parts)})"


def _docstring(text: str, spaces: int) -> list[str]:
    paragraphs = [" ".join(part.split()) for part in text.strip().split("\n\n")]
    margin = " " * spaces
    lines: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        lines += ["", *wrap(paragraph, 100)] if number else wrap(paragraph, 96)
    lines[0] = f'"""{lines[0]}'
    if len(lines) == 1:
        lines[0] += '"""'
    else:
        lines.append('"""')
    return [f"{margin}{line}" if line else "" for line in lines]


def _type(schema: dict[str, Any]) -> str:
    """A schema as a Python type."""
    if "$ref" in schema:
        return _name(schema["$ref"].rpartition("/")[2])
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    if "enum" in schema:
        return f"Literal[{', '.join(repr(each) for each in schema['enum'])}]"
    for several in ("anyOf", "oneOf"):
        if several in schema and "properties" not in schema:
            return " | ".join(dict.fromkeys(_type(each) for each in schema[several]))
    match schema.get("type"):
        case "array":
            return f"list[{_type(schema.get('items', {}))}]"
        case "object":
            values = schema.get("additionalProperties")
            return f"dict[str, {_type(values)}]" if isinstance(values, dict) else "dict[str, Any]"
        case "string":
            return "str"
        case "integer":
            return "int"
        case "number":
            return "float"
        case "boolean":
            return "bool"
        case "null":
            return "None"
        case _:
            return "Any"


def _or_none(kind: str) -> str:
    return kind if kind == "Any" or kind.endswith("None") else f"{kind} | None"


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    options = [each for each in schema.get("anyOf", [schema]) if each != {"type": "null"}]
    return dict(options[0])


def _resolved(schema: dict[str, Any], api: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return dict(api["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    return schema


def _name(schema: str) -> str:
    return schema.replace("-", "")


def _argument(name: str) -> str:
    name = name.lower().replace("-", "_")
    return f"{name}_" if keyword.iskeyword(name) else name
