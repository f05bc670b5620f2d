"""The only room that knows SQLAlchemy: tables, migrations and queries. Frozen values leave it, rows do not."""
