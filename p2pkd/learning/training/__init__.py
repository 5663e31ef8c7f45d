"""What a gradient step minimises: private rows, and what was heard."""
