"""The widget in Chromium, in a page of another site."""
