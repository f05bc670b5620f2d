"""The command line: a door. Parses, calls one action, prints; decides nothing."""
