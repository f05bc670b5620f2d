"""Sheets as offices send them, read into rows with faults at their lines, and written."""
