"""How Alembic reaches the hub's schema; called by `tyokyky_bridge.storage.migrate`."""

from alembic import context

from tyokyky_bridge.storage.sync_tables import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    message = "run migrations with `tyokyky-bridge migrate`"
    raise SystemExit(message)

context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
