"""The daily round: which reminders are due, gates, escalations, recovery."""
