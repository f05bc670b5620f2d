"""What leaders look at: board, overview, ranking, runs, bulletins, exports."""
