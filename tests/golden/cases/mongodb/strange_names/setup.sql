{"insert": "a-b.c d é", "documents": [{"_id": 1, "a.b": 1, "$x": 2, "": 3}]}
