"""The write path: the only door through which a record changes."""
