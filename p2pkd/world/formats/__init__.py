"""Files as people have them: one reader of text, of tables, and of each format of graphs."""
