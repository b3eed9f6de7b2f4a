"""The `lamina` command line and the local platform."""
