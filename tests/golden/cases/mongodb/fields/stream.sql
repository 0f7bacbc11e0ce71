{"insert": "t", "documents": [{"_id": 2, "secret": "x", "a": {"b": 1, "c": 2}, "list": [{"b": 1, "c": 2}, 5], "old": 7}]}
{"update": "t", "updates": [{"q": {"_id": 2}, "u": {"$set": {"secret": "y", "a.b": 3, "list.0.b": 4, "old": 8, "n": 1}}}]}
{"update": "t", "updates": [{"q": {"_id": 2}, "u": {"$unset": {"secret": 1, "a.b": 1, "old": 1}}}]}
