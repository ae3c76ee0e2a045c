"""Files whose extension several languages claim, or that have none: told by their content."""
