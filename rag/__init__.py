"""Truthful quoting: from a question to quotes that are the articles' own words."""
