"""Speed and retrieval quality beside each other, each measurement in a process of its own."""
