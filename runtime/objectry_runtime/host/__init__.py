"""What is hosted now: the live release with the plugins bound to it."""
