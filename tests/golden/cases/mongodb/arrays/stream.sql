{"update": "t", "updates": [{"q": {"_id": 1}, "u": [{"$set": {"a": [1, 2]}}]}]}
{"update": "t", "updates": [{"q": {"_id": 1}, "u": {"$push": {"a": 6}}}]}
{"update": "t", "updates": [{"q": {"_id": 1}, "u": {"$set": {"a.0": 9, "b.c.1": 7}}}]}
