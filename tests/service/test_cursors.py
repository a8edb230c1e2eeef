"""Cursors and plans that somebody has made by hand, with the check value that anybody can compute."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from service.paging import _check
from tests.service.problem import problem

UID = "0199a1f000007000800000000000000a"

NONSENSE: list[Any] = [None, 7, "x", [], ["facts/asc/None/None"], {"facts/asc/None/None": {}}, [1, 2, 3]]

POSITIONS: list[Any] = [
    None,
    [],
    "x",
    {},
    {"after_seq": 1},
    {"uid": UID},
    {"uid": UID, "after_seq": "1"},
    {"uid": UID, "after_seq": 1.5},
    {"uid": UID, "after_seq": True},
    {"uid": UID, "after_seq": None},
    {"uid": UID, "after_seq": -1},
    {"uid": UID, "after_seq": {}},
    {"uid": 7, "after_seq": 1},
    {"uid": None, "after_seq": 1},
    {"uid": [UID], "after_seq": 1},
    {"uid": UID, "after_seq": 1, "more": 1},
    {"after": 7},
    {"after": None},
    {"after": ""},
    {"after": "A B"},
    {"after": "\0"},
    {"after": ["house"]},
    {"after": {"house": 1}},
]


def _made(payload: bytes) -> str:
    return base64.urlsafe_b64encode(_check(payload) + payload).rstrip(b"=").decode()


@pytest.mark.parametrize("path", ["/v1/memories", "/v1/memories/house/facts"])
def test_a_cursor_made_by_hand_is_none(client: TestClient, house: str, path: str) -> None:
    scope = "memories" if path == "/v1/memories" else "facts/asc/None/None"
    payloads = [json.dumps(each).encode() for each in NONSENSE]
    payloads += [json.dumps([scope, each]).encode() for each in POSITIONS]
    payloads += [b"{", b"\xff\xfe", b"[" * 300, b"NaN", b"9" * 300, b'"\\ud800"']
    for payload in payloads:
        refused = client.get(path, params={"cursor": _made(payload)})

        assert refused.status_code == 400, payload
        assert problem(refused)["code"] == "invalid_cursor"


def test_a_cursor_made_by_hand_with_every_part_right_is_a_position_like_any(
    client: TestClient, house: str
) -> None:
    known = client.get(f"{house}/facts?limit=1").json()
    uid = known["next_cursor"] + "=" * (-len(known["next_cursor"]) % 4)
    held = json.loads(base64.urlsafe_b64decode(uid)[8:])
    for after, seqs in ((0, [1, 2]), (1, [2]), (10**60, [])):
        held[1]["after_seq"] = after
        page = client.get(f"{house}/facts", params={"cursor": _made(json.dumps(held).encode())})
        assert [fact["seq"] for fact in page.json()["items"]] == seqs
    another = _made(json.dumps(["facts/asc/None/None", {"uid": UID, "after_seq": 0}]).encode())
    assert client.get(f"{house}/facts", params={"cursor": another}).status_code == 400


@pytest.mark.parametrize(
    "position",
    [
        *POSITIONS,
        {"uid": UID, "revision": 1, "seqs": ""},
        {"uid": UID, "revision": 1, "seqs": "1-"},
        {"uid": UID, "revision": 1, "seqs": "1--5"},
        {"uid": UID, "revision": 1, "seqs": "1,,2"},
        {"uid": UID, "revision": 1, "seqs": "0-ffffffffffffff"},
        {"uid": UID, "revision": 1, "seqs": 7},
        {"uid": "x", "revision": 1, "seqs": "1"},
        {"uid": UID, "revision": "1", "seqs": "1"},
    ],
)
def test_a_plan_made_by_hand_is_none(client: TestClient, house: str, position: Any) -> None:
    body = {"plan_id": _made(json.dumps(["erasure", position]).encode()), "dry_run": False}

    refused = problem(client.post(f"{house}/erasures", json=body))

    assert refused["errors"] == [
        {"pointer": "#/plan_id", "code": "not_a_plan", "detail": "must be the plan_id of a dry run"}
    ]
    assert client.get(house).json()["counts"]["facts"] == 2
