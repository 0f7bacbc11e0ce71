"""What sources of relational databases share: types, masks, events, options; no driver, no wire format."""
