"""`flowtrail doctor`: what is reachable, what is instrumented, what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from flowtrail_tui.cli import options
from flowtrail_tui.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path


@click.command("doctor")
@options.source_option
@click.option("--bootstrap-servers", metavar="HOST:PORT[,...]", help="A Kafka cluster to try as well.")
@options.kafka_config_option
@options.json_option
@options.plain_option
def command(
    source: str | None, bootstrap_servers: str | None, kafka_config: Path | None, as_json: bool, plain: bool
) -> int:
    """Check what is reachable, what is instrumented, and what is missing for full answers.

    Ends with 3 when something that was named does not answer.
    """
    from flowtrail_tui.text.doctor import check_broker, check_source, checks_of, render

    access = options.kafka_access(bootstrap_servers, kafka_config)
    checks, status = check_source(source)
    checks += checks_of(status) if status is not None else []
    if bootstrap_servers is not None:
        checks.append(check_broker(bootstrap_servers, access))
    document: dict[str, Any] = {"schema": "flowtrail.doctor/1", "checks": [check.document() for check in checks]}
    if as_json:
        options.write_json(document)
    else:
        options.write_lines(render(checks, options.width()), plain=plain)
    return Exit.UNAVAILABLE if any(check.state == "unreachable" for check in checks) else Exit.OK
