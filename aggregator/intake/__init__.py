"""From a source's address to its entries, cleaned, understood and stored."""
