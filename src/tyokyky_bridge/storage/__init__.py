"""Storage on SQLite and PostgreSQL: the only importer of SQLAlchemy."""

from tyokyky_bridge.storage.migrate import head, migrate, revision_of
from tyokyky_bridge.storage.store import Store, open_store

__all__ = ["Store", "head", "migrate", "open_store", "revision_of"]
