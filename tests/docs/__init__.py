"""What the documents say is so: links, commands, tables and examples."""
