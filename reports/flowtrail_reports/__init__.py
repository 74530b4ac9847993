"""Reports and assertions made from the answers of the collector."""
