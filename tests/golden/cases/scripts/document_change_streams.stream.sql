{"update": "t", "updates": [{"q": {"_id": 1}, "u": {"$set": {"n": 2}}}]}
{"update": "t", "updates": [{"q": {"_id": 1}, "u": {"m": 2}}]}
{"delete": "t", "deletes": [{"q": {"_id": 1}, "limit": 1}]}
