"""What every layer may use: errors, units, random streams, records."""
