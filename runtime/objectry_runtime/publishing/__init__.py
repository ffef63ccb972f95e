"""The Release store, introspection, first publish, apply, hot swap."""
