"""Campaigns: mails to many, each at most once, to people who agreed at the moment of sending."""
