"""Duban (督办): the application, one folder a noun; in each tables, rules (pure), queries (SQL) and service."""
