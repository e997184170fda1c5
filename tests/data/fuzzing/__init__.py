"""Files of every format that are nearly valid, and what has to hold of the command that converts them."""
