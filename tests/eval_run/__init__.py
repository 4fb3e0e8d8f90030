"""`pullquote eval` end to end: figures, gate, causes, report, with answerers made worse."""
