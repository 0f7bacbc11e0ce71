{"insert": "customers", "documents": [{"_id": 2}]}
{"update": "customers", "updates": [{"q": {"_id": 2}, "u": {"$set": {"a": [1, 2, 3]}}}]}
{"delete": "customers", "deletes": [{"q": {"_id": 1}, "limit": 1}]}
