"""What is looked for in the stored notices: a value, made by `meaning.searching`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Words that a notice must have, all of them; each ``[a-z0-9]+``, folded.

    A word stands alone, a phrase has its words one after another, and a prefix is a
    phrase whose last word need only begin so. Nothing sought is no filter.
    """

    phrases: tuple[tuple[str, ...], ...] = ()
    prefixes: tuple[tuple[str, ...], ...] = ()

    def __bool__(self) -> bool:
        """Say whether anything is looked for."""
        return bool(self.phrases or self.prefixes)
