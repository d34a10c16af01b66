"""Where a simulator's pushed messages arrive in tests that have no hub."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class Letterbox:
    """Takes every POST on a loopback port of its own and answers *status*, which may be changed while it is open.

    Attributes:
        url: Where to push to.
        messages: Headers (lower-case names) and body of each message, oldest first.
    """

    def __init__(self, status: int = 202) -> None:
        self.status = status
        self.messages: list[tuple[dict[str, str], bytes]] = []
        box = self

        class Taking(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                box.messages.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(box.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is inherited
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def empty(self) -> None:
        """Forget what came."""
        self.messages.clear()

    def close(self) -> None:
        """Stop taking messages."""
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "Letterbox":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
