"""The sample portal: what `aggregator demo` and tests read in place of real hosts."""
