[{"insert": "a", "documents": [{"_id": 1}]}, {"insert": "b", "documents": [{"_id": 1}, {"_id": 2}]}, {"update": "a", "updates": [{"q": {"_id": 1}, "u": {"$set": {"x": 1}}}]}]
{"insert": "a", "documents": [{"_id": 2}]}
[{"delete": "a", "deletes": [{"q": {"_id": 2}, "limit": 1}]}]
[{"insert": "b", "documents": [{"_id": 3}]}]
{"insert": "b", "documents": [{"_id": 4}]}
