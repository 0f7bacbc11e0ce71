{"insert": "in", "documents": [{"_id": 1}]}
{"insert": "out", "documents": [{"_id": 1}]}
