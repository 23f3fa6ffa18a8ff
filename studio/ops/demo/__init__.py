"""The demo studio: Northside, its people and their year."""
