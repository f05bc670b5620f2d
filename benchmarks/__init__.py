"""What is claimed about speed, as commands. Each module measures one claim as a ratio within one run."""
