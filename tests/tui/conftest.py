"""What the tests of the terminal interface share."""

import pytest_textual_snapshot

# The plugin sets the name that an older syrupy read; without this the accepted pictures would be called `.raw`.
pytest_textual_snapshot.SVGImageExtension.file_extension = "svg"
