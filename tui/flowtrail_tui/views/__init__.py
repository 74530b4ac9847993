"""The main views: each asks the source in its own lane, keeps the last good answer, and says what it lacks."""
