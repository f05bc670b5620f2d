"""Starting, checking."""
