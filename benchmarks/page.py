"""How soon the page shows something, and how soon an answer is a picture, for small and large memories.

    python benchmarks/page.py --facts 50 5000 --rounds 15 --json page.json

A service of its own is started on an empty SQLite database and filled; Debian's chromium, headless, opens
the page. For each number of facts, in turn and anew in each round:

* first paint: from the navigation to the first contentful paint, with nothing in the browser's cache
* link to picture: from the navigation to a link with a question until its heat map is on the screen
* question to picture: from Enter in the question box until the heat map of another answer is on the screen
* the same JSON: `fetch` of the very requests that the picture needs, from the page, without drawing anything

Times depend on the machine and what else runs on it; the ratio of a picture to its JSON, measured in the same
round, says what the page adds. On the screen means: painted, two animation frames after the last change.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, sync_playwright

PLACES = ("garden", "kitchen", "office", "hallway", "bathroom", "bedroom")
ASKED_FOR = ("Mary", "John", "Sandra", "Daniel")
FIRST, LAST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Kurt"), ("Stone", "Marsh", "Field", "Brook")
PEOPLE = (
    *ASKED_FOR,
    *(f"{first} {last}{sort}" for first in FIRST for last in LAST for sort in ("", "son", "er", "man")),
)
"""A hundred people who go from place to place, as in a memory of a house that many come to."""
QUESTIONS = tuple(f"Where is {who}?" for who in ASKED_FOR)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]

# Both wait for the answer of their own question to be on the page, and then for it to be painted.
DRAWN = """question => new Promise(resolve => {
  const drawn = () => document.querySelector(".asked")?.textContent === question
    && document.querySelector("table.heat tbody tr[data-key]")
    && !document.querySelector("[aria-busy]");
  const look = () => drawn()
    ? requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now())))
    : requestAnimationFrame(look);
  look();
})"""

PRESSED = """() => addEventListener(
  "keydown", () => { window.pressed = performance.now() }, { capture: true, once: true }
)"""

FETCHED = """async ([memory, question, count]) => {
  const start = performance.now();
  const most = count <= 1000 ? { attention: "full" } : { attention: "top", attention_limit: 200 };
  const body = JSON.stringify({ question, top_answers: 5, ...most });
  const headers = { "Content-Type": "application/json" };
  const asked = await fetch(`/v1/memories/${memory}/answers`, { method: "POST", headers, body });
  const answer = await asked.json();
  const at = answer.memory.revision;
  const writes = count <= 150;
  const page = `limit=500&order=desc&as_of_revision=${at}&writes=${writes}`;
  const facts = await fetch(`/v1/memories/${memory}/facts?${page}`);
  await facts.json();
  return performance.now() - start;
}"""


@contextmanager
def _service(folder: str, checkpoint: str | None) -> Iterator[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MEMNET_")}
    process = subprocess.Popen(
        [sys.executable, "-c", "from service.cli import serve; serve()", "--port", "0"],
        cwd=folder,
        env={
            **own,
            "MEMNET_LOG_LEVEL": "warning",
            "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
            # On a machine that does other work too, nothing is given up early.
            "MEMNET_REQUEST_TIMEOUT_S": "600",
            **({"MEMNET_CHECKPOINT": checkpoint} if checkpoint else {}),
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        found = re.search(r"http://[0-9.]+:\d+", process.stdout.readline())
        assert found, "the service did not start"
        yield found.group()
    finally:
        process.terminate()
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            # What was measured is not thrown away because a busy machine takes long to put things in order.
            process.kill()
            process.communicate()


def _fill(address: str, name: str, count: int) -> None:
    facts = [{"text": f"{PEOPLE[n % len(PEOPLE)]} went to the {PLACES[n * 7 % 6]}."} for n in range(count)]
    with httpx2.Client(base_url=address, timeout=600) as client:
        client.put(f"/v1/memories/{name}").raise_for_status()
        for start in range(0, count, 250):
            body = {"facts": facts[start : start + 250]}
            client.post(f"/v1/memories/{name}/facts", json=body).raise_for_status()


def _round(browser: Browser, address: str, count: int, number: int) -> dict[str, float]:
    memory = f"facts-{count}"
    asked, other = QUESTIONS[number % 4], QUESTIONS[(number + 1) % 4]
    # A context of its own has an empty cache.
    context = browser.new_context(
        base_url=address, viewport={"width": 1360, "height": 900}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.set_default_timeout(300_000)
    query = httpx2.QueryParams({"memory": memory, "question": asked})
    page.goto(f"/ui?{query}", wait_until="commit")
    linked = page.evaluate(DRAWN, asked)
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.get_by_label("Ask", exact=True).fill(other)
    fetched = page.evaluate(FETCHED, [memory, other, count])
    page.evaluate(PRESSED)
    page.get_by_label("Ask", exact=True).press("Enter", no_wait_after=True)
    drawn = page.evaluate(DRAWN, other) - page.evaluate("pressed")
    context.close()
    return {
        "first_paint_ms": paint,
        "link_to_picture_ms": linked,
        "question_to_picture_ms": drawn,
        "same_json_ms": fetched,
        "ratio": drawn / fetched,
    }


def measure(facts: list[int], rounds: int, checkpoint: str | None = None) -> dict[str, Any]:
    """Measure all sizes in turn, `rounds` times; one more round before them is not counted."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        raise SystemExit("chromium is not installed (Debian: apt-get install chromium)")
    found: dict[int, list[dict[str, float]]] = {count: [] for count in facts}
    load = os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory() as folder,
        _service(folder, checkpoint) as address,
        sync_playwright() as playwright,
    ):
        for count in facts:
            _fill(address, f"facts-{count}", count)
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for number in range(rounds + 1):
            for count in facts:
                one = _round(browser, address, count, number)
                print(f"round {number}, {count} facts: {_line(one)}", file=sys.stderr, flush=True)
                if number:
                    found[count].append(one)
        chromium = browser.version
        browser.close()
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": platform.platform(),
        "processors": os.cpu_count(),
        "load_before": load,
        "load_after": os.getloadavg()[0],
        "chromium": chromium,
        "checkpoint": checkpoint or "the shipped one",
        "rounds": rounds,
        "facts": {
            str(count): {name: _summary([each[name] for each in found[count]]) for name in found[count][0]}
            for count in facts
        },
    }


def _line(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in numbers.items())


def _summary(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 2),
        "best": round(ordered[0], 2),
        "worst": round(ordered[-1], 2),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--facts", type=int, nargs="+", default=[50, 5000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--checkpoint", help="the network to answer with; the shipped one by default")
    parser.add_argument("--json", type=Path, help="where to write the numbers")
    options = parser.parse_args()
    result = measure(options.facts, options.rounds, options.checkpoint)
    print(f"chromium {result['chromium']}, load {result['load_before']:.1f} to {result['load_after']:.1f}")
    for count, numbers in result["facts"].items():
        print(f"\n{count} facts, median of {options.rounds} (best to worst)")
        for name, each in numbers.items():
            print(f"  {name:24} {each['median']:9.1f}  ({each['best']:.1f} to {each['worst']:.1f})")
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
