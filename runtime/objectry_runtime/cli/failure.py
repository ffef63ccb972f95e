"""What stops a command because of its user, and the exit codes (0 fine, 2 bad usage is click's)."""

PROBLEMS = 1
USAGE = 2
REFUSED = 3
LOCKED = 4


class Failure(Exception):
    """A user's mistake or a refusal: a message and the way out, never a traceback."""

    def __init__(self, message: str, hint: str = "", exit_code: int = PROBLEMS) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
