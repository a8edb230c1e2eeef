"""How soon the page shows something, and how soon an answer is a picture, for small and large memories.

    apt-get install chromium
    python benchmarks/page.py --facts 50 5000 --rounds 15 --out benchmarks/results/DATE-page.md

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

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import httpx2
from playwright.sync_api import Browser, sync_playwright
from report import Page, options
from served import PLACES, fill, served

ASKED_FOR = ("Mary", "John", "Sandra", "Daniel")
FIRST, LAST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Kurt"), ("Stone", "Marsh", "Field", "Brook")
PEOPLE = (
    *ASKED_FOR,
    *(f"{first} {last}{sort}" for first in FIRST for last in LAST for sort in ("", "son", "er", "man")),
)
"""A hundred people who go from place to place, as in a memory of a house that many come to."""
QUESTIONS = tuple(f"Where is {who}?" for who in ASKED_FOR)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]

Times = dict[int, list[dict[str, float]]]

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


def _told(count: int) -> list[str]:
    return [f"{PEOPLE[n % len(PEOPLE)]} went to the {PLACES[n * 7 % 6]}." for n in range(count)]


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
        "first paint, empty cache, ms": paint,
        "link to picture, empty cache, ms": linked,
        "question to picture, ms": drawn,
        "the same JSON, nothing drawn, ms": fetched,
        "picture / JSON, per round": drawn / fetched,
    }


def measure(facts: list[int], rounds: int, checkpoint: str | None = None) -> tuple[Times, str]:
    """Measure all sizes in turn, `rounds` times; one more round before them is not counted.

    Returns:
        The times of each round by number of facts, and chromium's version.
    """
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        raise SystemExit("chromium is not installed (Debian: apt-get install chromium)")
    found: Times = {count: [] for count in facts}
    with (
        tempfile.TemporaryDirectory() as folder,
        # On a machine that does other work too, nothing is given up early.
        served(Path(folder), asks_for_key=False, request_timeout_s=600, checkpoint=checkpoint) as one,
        sync_playwright() as playwright,
    ):
        for count in facts:
            fill(one, f"facts-{count}", _told(count))
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        for number in range(rounds + 1):
            for count in facts:
                times = _round(browser, one.address, count, number)
                print(f"round {number}, {count} facts: {_line(times)}", file=sys.stderr, flush=True)
                if number:
                    found[count].append(times)
        chromium = browser.version
        browser.close()
    return found, chromium


def _line(times: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in times.items())


def _cell(values: list[float]) -> str:
    spec = ",.1f" if max(values) < 100 else ",.0f"
    middle, best, worst = (format(f(values), spec) for f in (statistics.median, min, max))
    return f"{middle} ({best} to {worst})"


def main() -> None:
    """Measure and print."""
    parser = options(__doc__)
    parser.add_argument("--facts", type=int, nargs="+", default=[50, 5000])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--checkpoint", help="the network to answer with; the shipped one by default")
    given = parser.parse_args()
    sizes = [f"{count:,} facts" for count in given.facts]
    page = Page(f"The page: first paint, and from a question to its picture, for {' and '.join(sizes)}")
    # The service runs in a folder of its own.
    checkpoint = str(Path(given.checkpoint).absolute()) if given.checkpoint else None
    found, chromium = measure(given.facts, given.rounds, checkpoint)
    page.say(
        f"chromium {chromium} headless, SQLite, the service and the browser on one machine; "
        f"{given.checkpoint or 'the shipped network'}; a hundred people go from place to place. "
        f"{given.rounds} rounds, one before them not counted; nothing selected."
    )
    page.table(
        (f"median of {given.rounds} (best to worst)", *sizes),
        [
            (name, *(_cell([each[name] for each in rounds]) for rounds in found.values()))
            for name in found[given.facts[0]][0]
        ],
    )
    page.deliver(given.out)


if __name__ == "__main__":
    main()
