"""Teaching the reader (`rag.reader`) which unit answers a question, or that none does."""
