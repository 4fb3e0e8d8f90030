"""One reader a format: bytes to a text that is stored once, and what the file says of itself."""
