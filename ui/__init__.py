"""What people and programs meet: command line, chat page, web server."""
