"""Makes a process ready to read documents: imports all, and makes the rules ready.

Imported by the server from which workers are forked, so that none has to do it again.
"""

import gc

from aggregator.intake import workshop
from aggregator.meaning.rulebook import rules_in

__all__ = ["workshop"]

rules_in(None)
gc.freeze()  # what is there stays, and is shared with the workers
