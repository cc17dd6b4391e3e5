"""Text from elsewhere on a terminal."""


def printable(text: str) -> str:
    """Replace what could move the cursor or change colours: a model may write any character."""
    return "".join(character if character.isprintable() else " " for character in text)
