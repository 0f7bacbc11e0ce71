{"insert": "t", "documents": [{"_id": 1}]}
