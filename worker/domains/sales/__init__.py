"""Selling: lead scores."""
