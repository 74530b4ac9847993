"""`flowtrail demo`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("demo")
@click.option("--bootstrap-servers", metavar="HOST:PORT[,...]", help="Use this Kafka. Default: an embedded broker.")
@click.option("--headless", is_flag=True, help="No terminal: run, compare what was injected with what was found, end.")
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="N",
    help="How long orders are placed. Default: 20 with --headless, else until the screens are closed.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=5.0,
    show_default=True,
    metavar="N",
    help="Orders a second.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, metavar="N", help="What is ordered, and when what goes wrong."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the store, the reports and demo.json here.",
)
def command(
    bootstrap_servers: str | None,
    headless: bool,
    seconds: float | None,
    rate: float,
    seed: int,
    out: Path | None,
) -> int:
    """Run a small food-delivery system with faults on purpose, its collector, and the terminal interface on it."""
    from flowtrail_tui.demo import Options, run

    return run(Options(bootstrap_servers, headless, seconds, rate, seed, out))
