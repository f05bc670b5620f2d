"""The working application: store, actions, command line, rehearsal, wiring, settings and the clock."""
