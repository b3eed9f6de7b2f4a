"""Contacts go to other systems and come from them."""
