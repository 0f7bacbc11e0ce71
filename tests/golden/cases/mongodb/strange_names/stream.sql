{"insert": "a-b.c d é", "documents": [{"_id": 2}]}
