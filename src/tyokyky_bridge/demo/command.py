"""``tyokyky-bridge demo``."""


def demo_command() -> None:
    """Placeholder until the story is written."""
