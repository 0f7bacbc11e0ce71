{"insert": "customers", "documents": [{"_id": 2, "tags": ["a", {"b": 1.5}], "text": "é \"quoted\" \u0001 \\ 😀"}]}
{"update": "customers", "updates": [{"q": {"_id": 2}, "u": {"$set": {"city": "Graz", "tags.1.b": 2}, "$unset": {"text": 1}}}]}
{"update": "customers", "updates": [{"q": {"_id": 2}, "u": {"$unset": {"city": 1}}}]}
{"update": "customers", "updates": [{"q": {"_id": 1}, "u": {"whole": "new"}}]}
{"delete": "customers", "deletes": [{"q": {"_id": 1}, "limit": 1}]}
{"insert": "new", "documents": [{"_id": "first"}]}
