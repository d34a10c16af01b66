"""Storage on SQLite and PostgreSQL: the only importer of SQLAlchemy."""

from tyokyky_bridge.storage.migrate import head, migrate, revision_of
from tyokyky_bridge.storage.role_lock import Role, RoleTaken
from tyokyky_bridge.storage.store import Store, open_store, take_role

__all__ = ["Role", "RoleTaken", "Store", "head", "migrate", "open_store", "revision_of", "take_role"]
