"""When things run: one flow per kind of campaign, the daily rounds and their deployments."""
