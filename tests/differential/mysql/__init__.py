"""Random tables that change while they are streamed, against a snapshot of them."""
