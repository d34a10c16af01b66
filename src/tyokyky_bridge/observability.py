"""Logging: one event name and fields of an allow-list, as JSON lines; personal data has no way in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "worker",
        "systems",
        "system",
        "link",
        "outcome",
        "kept",
        "error",
        "correlation",
        "detail",
        "plan",
        "delivery",
        "attempts",
        "port",
        "method",
        "status",
        "milliseconds",
        "count",
        "path_template",
    }
)
"""Field names that may be logged. Everything else is dropped and only its name is kept, under ``dropped``."""


def only_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop fields that are not on the list."""
    dropped = sorted(set(event) - ALLOWED - {"exc_info"})
    for name in dropped:
        del event[name]
    if dropped:
        event["dropped"] = dropped
    return event


def configure(level: str = "INFO") -> None:
    """Set logging up for a process. Access logs of the HTTP server stay off: URLs hold ids, bodies are never logged."""
    for name in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
