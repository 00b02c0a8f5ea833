"""What all kinds of inputs have in common."""


def presence_key(name: str) -> str:
    """The key under which a mapping of inputs says which rows have the input ``name``."""
    return f"{name}.present"
