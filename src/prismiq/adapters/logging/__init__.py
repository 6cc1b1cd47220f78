"""Log lines: JSON or for people, without secrets, written by a thread of their own."""
