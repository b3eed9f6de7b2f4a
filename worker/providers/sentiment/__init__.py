"""Sentiment: how people who write to us feel."""
