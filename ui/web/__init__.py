"""The web application and its ways in: pages, API, widget."""
