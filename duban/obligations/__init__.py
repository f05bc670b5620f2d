"""What one unit owes by one date, its states, its transitions, its light."""
