"""The store: the only room that knows SQL. Rows in, values out; the network never."""
