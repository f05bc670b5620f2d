"""The clock of a trial home: made with the home, steps forwards only, a real home has none."""
