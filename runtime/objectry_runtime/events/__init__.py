"""The envelope, the outbox and its feed, and the keys that seal sensitive values."""
