"""From the outbox to other people: alerts by log, e-mail and webhook."""
