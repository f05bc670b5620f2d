"""How people come in: passwords, sessions, one-time links, tokens."""
