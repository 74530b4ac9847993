"""The README says what is so: its code runs, its answer is what flowtrail answers, its links and commands exist."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowtrail_tui.cli.exits import Exit
from flowtrail_tui.cli.program import COMMANDS
from flowtrail_tui.demo.embedded import ANNOUNCEMENT
from tests.e2e.product import FLOWTRAIL, Collector, environment, eventually
from tests.questions.history import otlp
from tests.readme.story import twice_paid

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
TRACER_README = (ROOT / "tracer" / "README.md").read_text()
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")])
SERVICE = Path(__file__).with_name("service.py")


def blocks(text: str, language: str) -> list[str]:
    """Return the code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def bootstrap() -> Iterator[str]:
    """Run the demo's embedded broker."""
    command = [sys.executable, "-m", "flowtrail_tui.demo.embedded", "orders", "payments"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as broker:
        assert broker.stdout is not None
        yield broker.stdout.readline().removeprefix(ANNOUNCEMENT).strip()
        broker.terminate()


def serve(bootstrap: str, collector: Collector, *code: str) -> None:
    """Run blocks of code as a service that reports to the collector."""
    subprocess.run(
        [sys.executable, SERVICE, bootstrap, *code],
        env=environment(OTEL_EXPORTER_OTLP_ENDPOINT=collector.endpoint),
        timeout=90,
        check=True,
    )


def test_the_first_screen_says_how_to_begin():
    """The two commands stand within what is seen first."""
    first = README.splitlines()[:21]
    assert "pip install uv && uv run flowtrail demo" in first
    assert "uv run pytest" in first
    assert any(line.startswith("![") for line in first)


def test_the_tests_are_run_by_ci_as_the_readme_says():
    """One command for everybody."""
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "tested uv run pytest"


def test_services_that_embed_the_tracer(bootstrap: str, tmp_path: Path):
    """The code of the README sends, reads, and is answered."""
    sending, reading, polling = blocks(README, "python")
    with Collector(tmp_path / "flowtrail.duckdb") as collector:
        serve(bootstrap, collector, sending, sending)
        serve(bootstrap, collector, reading, polling)
        answered = eventually(
            lambda: (collector.ask("flow:order-42") or {"events": []})["events"],
            lambda events: len(events) == 2 and all(len(event["consumed"]) == 1 for event in events),
        )
    assert [event["producer"] for event in answered] == ["orders", "orders"]
    assert [event["published"]["answer"] for event in answered] == ["yes", "yes"]
    assert [(line["group"], line["answer"]) for event in answered for line in event["consumed"]] == [
        ("payment", "processed"),
        ("payment", "processed"),
    ]


def test_the_tracers_own_readme(bootstrap: str, tmp_path: Path):
    """Its code reads and sends: what it sends was caused by what it read."""
    (both,) = blocks(TRACER_README, "python")
    (sending, *_) = blocks(README, "python")
    both = both.replace("    producer.send(", "    handled = producer.send(") + "    handle(handled.get(10))\n"
    with Collector(tmp_path / "flowtrail.duckdb") as collector:
        serve(bootstrap, collector, sending)
        serve(bootstrap, collector, both)
        events = eventually(
            lambda: (collector.ask("flow:order-42") or {"events": []})["events"], lambda events: len(events) == 2
        )
    order, payment = sorted(events, key=lambda event: event["destination"])
    assert (order["destination"], payment["destination"]) == ("orders", "payments")
    assert payment["causation_id"] == order["message_id"]


def test_the_answer_shown_is_the_answer_given(tmp_path: Path):
    """What stands under `flowtrail ask` is its output, letter by letter."""
    (shown,) = blocks(README, "console")
    command, _, answer = shown.partition("\n")
    spans, store = tmp_path / "spans.jsonl", tmp_path / "flowtrail.duckdb"
    spans.write_text(json.dumps(otlp(twice_paid())))
    subprocess.run([FLOWTRAIL, "import", spans, "--store", store], check=True, capture_output=True, timeout=60)
    asked = [FLOWTRAIL, *command.removeprefix("$ flowtrail ").split()]
    done = subprocess.run(
        asked, env=environment(FLOWTRAIL_SOURCE=str(store)), check=True, capture_output=True, text=True, timeout=60
    )
    assert [line.rstrip() for line in answer.splitlines()] == [line.rstrip() for line in done.stdout.splitlines()]


def test_every_command_is_listed():
    """Each of them, and no other."""
    listed = re.findall(r"^\| `flowtrail (\w+)", README, re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)


def test_every_exit_code_is_listed():
    """Scripts branch on them."""
    assert re.findall(r"^\| (\d+) \|", README, re.MULTILINE) == [str(int(code)) for code in Exit]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str):
    """Every file that a page names in a link is there."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    local = [target for target in targets if target and "://" not in target]
    assert [target for target in local if not (ROOT / page).parent.joinpath(target).exists()] == []
