"""How an action runs under Prefect: retries, time limits, tags. No decisions."""
