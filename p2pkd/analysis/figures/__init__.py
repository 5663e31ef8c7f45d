"""What runs look like, on axes of Matplotlib."""
