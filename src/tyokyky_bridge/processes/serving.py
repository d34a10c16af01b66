"""The HTTP face as a process."""

import hmac
import json

import uvicorn

from tyokyky_bridge.api.app import create_app
from tyokyky_bridge.api.auth import TokenReader
from tyokyky_bridge.domain.parties import Directory
from tyokyky_bridge.processes.opening import collect_from_now_on, opened, stop_on_signals
from tyokyky_bridge.services.bridge import Bridge
from tyokyky_bridge.settings import Settings


async def serve(settings: Settings) -> None:
    """Serve HTTP until SIGTERM or SIGINT. Raises `CANNOT_START`."""
    async with opened(settings, "serve") as bridge:
        stop_on_signals()
        server = server_of(settings, bridge)
        collect_from_now_on()
        await server.serve()


def server_of(settings: Settings, bridge: Bridge) -> uvicorn.Server:
    """The server of the HTTP face, not yet listening."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(
                bridge,
                _tokens(settings, bridge.directory),
                close_bridge=False,
                cursor_key=_cursor_key(settings),
                public_url=settings.public_url,
                token_endpoint=settings.token_endpoint,
            ),
            host=settings.host,
            port=settings.port,
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )


def _cursor_key(settings: Settings) -> bytes:
    """A key of its own for the links between pages, the same in every process of an installation."""
    return hmac.digest(settings.index_key.get_secret_value().encode(), b"links between pages", "sha256")


def _tokens(settings: Settings, directory: Directory) -> TokenReader:
    """The reader of bearer tokens: the issuer's public keys and the parties that a token may name."""
    return TokenReader(
        json.loads(settings.token_keys_file.read_text("utf-8")),
        issuer=settings.token_issuer,
        audience=settings.token_audience,
        parties=frozenset(directory.parties),
    )
