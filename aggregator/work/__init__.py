"""Who does what when: the clock, the pulls, the web server. Everything meets here."""
