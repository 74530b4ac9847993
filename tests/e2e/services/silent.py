"""A service that says it has begun and nothing more, until it is to end."""

from telling import ending, say


def main() -> None:
    """Wait."""
    say(begun=True)
    ending().wait()


if __name__ == "__main__":
    main()
