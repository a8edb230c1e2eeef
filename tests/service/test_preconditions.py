"""`ETag`, `If-Match` and `If-None-Match` on a memory: edits that race do not overwrite each other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from tests.service.problem import problem


def test_a_memory_has_a_tag_that_changes_with_it(client: TestClient, house: str) -> None:
    tags = [client.get(house).headers["ETag"]]
    assert client.get(house).headers["ETag"] == tags[0]
    assert client.put(house).headers["ETag"] == tags[0]

    tags.append(client.put(house, json={"description": "The house."}).headers["ETag"])
    client.post(f"{house}/facts", json={"facts": [{"text": "John is there."}]})
    tags.append(client.get(house).headers["ETag"])
    client.delete(f"{house}?confirm=house")
    tags.append(client.put(house).headers["ETag"])

    assert len(set(tags)) == 4


def test_a_change_of_the_state_that_was_read_is_made(client: TestClient, house: str) -> None:
    tag = client.get(house).headers["ETag"]

    changed = client.put(house, json={"description": "The house."}, headers={"If-Match": f'"other", {tag}'})

    assert changed.status_code == 200
    assert changed.json()["description"] == "The house."


@pytest.mark.parametrize("match", ['"other"', "", 'W/"other"'])
def test_a_change_of_another_state_is_refused(client: TestClient, house: str, match: str) -> None:
    assert problem(client.put(house, json={"description": "x"}, headers={"If-Match": match})) == {
        "type": "/problems/precondition-failed",
        "title": "The precondition does not hold",
        "status": 412,
        "detail": "the memory has another ETag",
        "instance": house,
        "code": "precondition_failed",
    }
    assert client.get(house).json()["description"] is None


def test_of_two_edits_of_one_state_only_one_is_made(client: TestClient, house: str) -> None:
    tag = client.get(house).headers["ETag"]

    def edit(number: int) -> int:
        body = {"description": f"Edit {number}."}
        return client.put(house, json=body, headers={"If-Match": tag}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(edit, range(4))) == [200, 412, 412, 412]


def test_a_memory_is_only_created(client: TestClient) -> None:
    headers = {"If-None-Match": "*"}

    first = client.put("/v1/memories/house", json={"description": "Mine."}, headers=headers)
    second = client.put("/v1/memories/house", json={"description": "Yours."}, headers=headers)

    assert first.status_code == 201
    assert problem(second) == {
        "type": "/problems/precondition-failed",
        "title": "The precondition does not hold",
        "status": 412,
        "detail": "the memory exists",
        "instance": "/v1/memories/house",
        "code": "precondition_failed",
    }
    assert client.get("/v1/memories/house").json()["description"] == "Mine."


def test_a_memory_that_does_not_exist_matches_nothing(client: TestClient) -> None:
    refused = problem(client.put("/v1/memories/house", headers={"If-Match": "*"}))

    assert (refused["code"], refused["detail"]) == ("precondition_failed", "there is no such memory")
    assert client.get("/v1/memories/house").status_code == 404


def test_a_memory_is_read_when_it_has_come_far_enough(client: TestClient, house: str) -> None:
    assert client.get(f"{house}?min_revision=1").status_code == 200
    assert problem(client.get(f"{house}?min_revision=2"))["code"] == "revision_not_reached"
