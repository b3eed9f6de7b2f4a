"""Other systems that a workspace's contacts go to."""
