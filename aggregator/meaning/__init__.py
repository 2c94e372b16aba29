"""What a Vietnamese notice says: pure functions over its title and text.

Nothing here does I/O but reading the rule files beside the code, once. Callers import
from the modules: who only folds a title need not wait until all rules are compiled.
"""
