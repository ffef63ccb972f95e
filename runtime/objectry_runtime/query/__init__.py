"""The read path, and the only renderer of SQL."""
