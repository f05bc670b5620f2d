"""Problem ledgers: what was found, measures, striking off."""
