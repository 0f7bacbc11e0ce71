{"insert": "a", "documents": [{"_id": 0}]}
