"""Tests with real wikis, run by `make wikis`: An Otter Wiki and MediaWiki."""
