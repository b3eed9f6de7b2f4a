"""Signed messages to addresses that customers chose."""
