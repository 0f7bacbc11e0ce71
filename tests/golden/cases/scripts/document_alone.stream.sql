{"insert": "t", "documents": [{"_id": 2}]}
