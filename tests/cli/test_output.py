"""Where the output goes is no business of the answer: a reader that leaves, a disk that is full."""

import subprocess
import sys
from pathlib import Path

COMMAND = (sys.executable, "-c", "import sys; from flowtrail_tui.cli import main; sys.exit(main())")


def test_a_reader_that_leaves_is_no_error(store: Path) -> None:
    """`| head` ends the command without a word."""
    command = [*COMMAND, "ask", "order-0", "--json", "--source", str(store)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stderr is not None
        asking.stdout.close()
        assert asking.stderr.read() == ""
    assert asking.returncode == 0


def test_a_full_disk_is_said(store: Path) -> None:
    """In one sentence, about the output and not about flowtrail."""
    for arguments in (["flows"], ["lag", "--json"], ["report", "lag", "--format", "csv"]):
        with Path("/dev/full").open("w") as full:
            command = [*COMMAND, *arguments, "--source", str(store)]
            ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert ended.returncode == 1
        assert ended.stderr == "flowtrail: standard output can not be written: No space left on device\n"
