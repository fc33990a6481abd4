"""How far long work is: a bar with a sentence, which a page asks for again and again until it is over."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far it is.

    Args:
        at: what is done.
        most: of how much; 0: not known yet.
        words: the same in a sentence.
        done: whether there is nothing more to wait for.
    """

    at: int
    most: int
    words: str
    done: bool

    @property
    def tenth(self) -> int:
        """Which tenth of it is done: it is said at each, not at each row."""
        return 10 if self.done else self.at * 10 // self.most if self.most else 0
