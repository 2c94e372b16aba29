"""HTTP out. Thin: an address → a View → rows → bytes; decides nothing about notices."""
