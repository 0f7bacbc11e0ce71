{"insert": "t", "documents": [{"_id": 1, "secret": "x", "a": {"b": 1, "c": 2}, "list": [{"b": 1, "c": 2}, 5], "old": 7}]}
