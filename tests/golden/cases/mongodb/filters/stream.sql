{"insert": "in", "documents": [{"_id": 2}]}
{"insert": "out", "documents": [{"_id": 2}]}
{"update": "in", "updates": [{"q": {"_id": 2}, "u": {"$set": {"a": 1}}}]}
{"delete": "in", "deletes": [{"q": {"_id": 2}, "limit": 1}]}
