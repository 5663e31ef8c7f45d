"""What lasts between operations: tables of versions and payloads, and what a row of them holds."""
