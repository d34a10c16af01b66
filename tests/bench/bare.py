"""Yardsticks for the FHIR face: a FastAPI route that only returns stored bytes, and a loop of durable commits."""

import sqlite3
import sys
import time
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Response


def app(stored: bytes) -> FastAPI:
    """One route that does nothing but answer."""
    bare = FastAPI()

    @bare.get("/stored/{id_}")
    async def read(id_: str) -> Response:
        return Response(stored, media_type="application/fhir+json")

    return bare


def commits_per_s(folder: Path, body: bytes, *, seconds: float = 2.0) -> tuple[float, float]:
    """Durable SQLite commits a second, one body each, and processor seconds per commit (WAL, synchronous FULL)."""
    base = sqlite3.connect(folder / "bare.db", isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE kept (seq INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    began, used, done = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < seconds:
        base.execute("BEGIN IMMEDIATE")
        base.execute("INSERT INTO kept (body) VALUES (?)", (body,))
        base.execute("COMMIT")
        done += 1
    took, used = time.perf_counter() - began, time.process_time() - used
    base.close()
    return done / took, used / done


if __name__ == "__main__":
    uvicorn.run(
        app(Path(sys.argv[2]).read_bytes()), port=int(sys.argv[1]), log_level="error", access_log=False
    )
