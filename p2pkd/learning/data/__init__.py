"""Which rows a gradient step sees, and how each agent sees them."""
