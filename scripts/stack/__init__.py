"""The local platform and what it shares with the command line."""
