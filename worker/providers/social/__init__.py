"""Public figures of profiles, repositories and posts."""
