"""Questions: SQL relations over the stored spans, one file each, and thin Python around them."""
