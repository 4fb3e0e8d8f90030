"""Sources that are kept in step: pages, feeds, sitemaps, wikis and folders."""
