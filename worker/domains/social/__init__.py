"""Figures of a workspace's profiles, repositories and posts elsewhere."""
