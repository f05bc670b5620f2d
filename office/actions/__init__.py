"""One verb per file; each action is one transaction (or says why not) and returns frozen values."""
