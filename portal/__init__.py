"""Where people work: pages and API over the same actions as the other doors; no logic of its own."""
