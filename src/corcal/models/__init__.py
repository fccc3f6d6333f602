"""The trained models that come with corcal, and the hashes that it knows."""
