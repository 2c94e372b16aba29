"""Makes a process ready to read documents: imports all, and makes the rules ready.

Imported by the server from which workers are forked, so that none has to do it again.
"""

import gc

from aggregator.intake import workshop
from aggregator.meaning.understanding import default_rules

__all__ = ["workshop"]

default_rules()
gc.freeze()  # what is there stays, and is shared with the workers
