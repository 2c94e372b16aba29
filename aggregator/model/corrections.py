"""What a person has said of a notice: it wins over every rule."""

from dataclasses import dataclass
from dataclasses import replace

from aggregator.model.meanings import Meaning
from aggregator.model.names import Category
from aggregator.model.names import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A person's word on a notice, wherever it stands; None: the rules decide."""

    category: Category | None = None
    levels: frozenset[Level] | None = None  # empty: all
    hidden: bool | None = None  # from readers; False: shown, though it had been held

    @property
    def facets(self) -> frozenset[str]:
        """Name the facets in which rules have no say."""
        said = {
            "category": self.category,
            "level": self.levels,
            "state": self.hidden,
        }
        return frozenset(name for name, value in said.items() if value is not None)

    def over(self, meaning: Meaning) -> Meaning:
        """Put it in place of what the rules say."""
        return replace(
            meaning,
            category=meaning.category if self.category is None else self.category,
            levels=meaning.levels if self.levels is None else self.levels,
        )
