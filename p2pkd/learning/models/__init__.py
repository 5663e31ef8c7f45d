"""What models are: numbers in one flat row, and what they make of data."""
