"""Tables now and tables wanted → a plan of steps."""
