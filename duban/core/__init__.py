"""What every noun stands on: settings, clock, errors, database, vault."""
