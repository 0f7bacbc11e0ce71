{"insert": "t", "documents": [{"_id": 1, "n": 1}]}
