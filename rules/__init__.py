"""What is owed: pure functions and frozen values, standard library only."""
