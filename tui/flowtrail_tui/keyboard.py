"""How keys come in: as Textual reads them, and on after what would make it deaf."""

from __future__ import annotations

from textual.drivers.linux_driver import LinuxDriver

_GONE = 129
"""The exit code of a program whose terminal went away."""


class PatientDriver(LinuxDriver):
    """Reads on after bytes that are no text, and ends the screens when there is nobody left to type.

    The toolkit's reading thread ends at the first byte that is not UTF-8, and nothing that is typed later arrives.
    """

    def _run_input_thread(self) -> None:
        while not self.exit_event.is_set():
            try:
                self.run_input_thread()
            except UnicodeDecodeError:  # what came with it is lost, what comes next is not
                continue
            except OSError:
                self._loop.call_soon_threadsafe(self._app.exit, _GONE)
            return
