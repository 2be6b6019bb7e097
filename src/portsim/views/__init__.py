"""What a reader sees: tables of results, of a checked scenario and of published figures."""
