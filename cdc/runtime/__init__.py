"""What runs plugins: the worker, its tasks and the chain between source and log."""
