"""Websites: the pictures of workspaces that are gone."""
