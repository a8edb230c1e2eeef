"""What facts superseded, over HTTP: which ones, how far, and what is left of them, as of any revision."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from starlette.testclient import TestClient

from memnet.lexicon import Lexicon
from memnet.memory import Memory
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.training.checkpoint import save_checkpoint

FACTS = [
    "Mary got the football there.",
    "Mary went back to the garden.",
    "John went to the office.",
    "Mary went to the office.",
    *[f"Mary went to the {place}." for place in ("kitchen", "hallway", "bedroom", "bathroom")],
]


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network whose gates are wide open."""
    lexicon = Lexicon(sorted({"where", "is", "the", "went", "to", "got", "there", "back"}), ["no", "yes"])
    torch.manual_seed(3)
    network = MultiHeadMemory(MultiHeadConfig(vocab_size=len(lexicon), num_answers=2, symbol_dim=16))
    with torch.no_grad():
        network.write_bias.fill_(0.5)
    folder = tmp_path_factory.mktemp("checkpoints") / "gated"
    save_checkpoint(folder, network, lexicon, {})
    return folder


@pytest.fixture
def memory(database: Path, gated: Path) -> Iterator[Memory]:
    with Memory.open(f"sqlite:///{database}", gated) as memory:
        yield memory


@pytest.fixture
def told(client: TestClient) -> tuple[str, list[dict[str, Any]]]:
    """A memory that was told one fact after the other, and what each reply said."""
    client.put("/v1/memories/house").raise_for_status()
    house = "/v1/memories/house"
    replies = [client.post(f"{house}/facts", json={"facts": [{"text": text}]}).json() for text in FACTS]
    return house, [reply["facts"][0] for reply in replies]


def _writes(client: TestClient, path: str, **query: Any) -> dict[int, dict[str, Any]]:
    page = client.get(f"{path}/facts", params={"writes": True, **query}).json()
    return {fact["seq"]: fact["writes"] for fact in page["items"]}


def test_one_fact_names_all_that_it_superseded_and_all_that_superseded_it(
    client: TestClient, told: tuple[str, list[dict[str, Any]]]
) -> None:
    house, replies = told
    assert any(reply["superseded"] for reply in replies)

    for reply in replies:
        writes = client.get(f"{house}/facts/{reply['fact_id']}", params={"writes": True}).json()["writes"]

        assert writes["superseded"] == reply["superseded"]
        assert writes["superseded_by"] == [
            {"seq": later["seq"], "gate": each["gate"]}
            for later in replies
            for each in later["superseded"]
            if each["seq"] == reply["seq"]
        ]
        left = math.fsum(math.log1p(-each["gate"]) for each in writes["superseded_by"])
        assert writes["retention"] == pytest.approx(left, rel=1e-5)


def test_a_list_names_the_nearest_that_go_far_and_all_that_is_left(
    client: TestClient, told: tuple[str, list[dict[str, Any]]]
) -> None:
    house, replies = told

    listed = _writes(client, house)

    for reply in replies:
        whole = client.get(f"{house}/facts/{reply['fact_id']}", params={"writes": True}).json()["writes"]
        assert listed[reply["seq"]] == {
            "retention": whole["retention"],
            "retired": whole["retired"],
            "superseded": [each for each in whole["superseded"] if each["gate"] >= 0.1][-5:],
            "superseded_by": [each for each in whole["superseded_by"] if each["gate"] >= 0.1][:5],
        }
    assert max(len(each["superseded"]) for each in listed.values()) == 5


def test_the_past_knows_only_what_was_told_by_then(
    client: TestClient, told: tuple[str, list[dict[str, Any]]]
) -> None:
    house, _ = told
    revision = client.get(house).json()["revision"]

    then = _writes(client, house, as_of_revision=revision - len(FACTS) + 2)

    assert list(then) == [1, 2]
    assert then[2] == {
        "retention": 0.0,
        "retired": False,
        "superseded": _writes(client, house)[2]["superseded"],
        "superseded_by": [],
    }
    assert {each["seq"] for each in then[1]["superseded_by"]} <= {2}


def test_forgetting_a_fact_undoes_what_it_superseded(
    client: TestClient, told: tuple[str, list[dict[str, Any]]]
) -> None:
    house, replies = told
    before = _writes(client, house)
    fourth = replies[3]
    assert fourth["superseded"]

    client.delete(f"{house}/facts/{fourth['fact_id']}").raise_for_status()

    after = _writes(client, house)
    for each in fourth["superseded"]:
        assert after[each["seq"]]["retention"] > before[each["seq"]]["retention"]
    assert all(each["seq"] != 4 for writes in after.values() for each in writes["superseded_by"])


def test_writes_are_listed_when_they_are_asked_for(
    client: TestClient, told: tuple[str, list[dict[str, Any]]]
) -> None:
    house, replies = told

    assert all(fact["writes"] is None for fact in client.get(f"{house}/facts").json()["items"])
    assert client.get(f"{house}/facts/{replies[0]['fact_id']}").json()["writes"] is None
    refused = client.get(f"{house}/facts", params={"writes": "some"})
    assert (refused.status_code, refused.json()["errors"][0]["parameter"]) == (422, "writes")


def test_pages_with_writes_go_on_where_pages_without_them_ended(
    client: TestClient, told: tuple[str, list[dict[str, Any]]]
) -> None:
    house, _ = told
    first = client.get(f"{house}/facts", params={"limit": 3, "order": "desc"}).json()

    page = client.get(
        f"{house}/facts", params={"order": "desc", "cursor": first["next_cursor"], "writes": True}
    ).json()

    assert [fact["seq"] for fact in page["items"]] == [5, 4, 3, 2, 1]
    assert page["items"][-1]["writes"] == _writes(client, house)[1]


class TestWithoutGates:
    """A network that cannot supersede."""

    @pytest.fixture
    def memory(self, database: Path, checkpoint: Path) -> Iterator[Memory]:
        with Memory.open(f"sqlite:///{database}", checkpoint) as memory:
            yield memory

    def test_nothing_is_superseded(self, client: TestClient, house: str) -> None:
        nothing = {"retention": 0.0, "retired": False, "superseded": [], "superseded_by": []}

        assert _writes(client, house) == {1: nothing, 2: nothing}


def test_an_empty_memory_has_no_writes(client: TestClient) -> None:
    client.put("/v1/memories/house").raise_for_status()

    assert _writes(client, "/v1/memories/house") == {}
