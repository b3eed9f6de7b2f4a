"""Sending e-mail and reading what became of it."""
