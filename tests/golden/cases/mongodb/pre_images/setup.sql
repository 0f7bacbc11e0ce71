{"create": "t", "changeStreamPreAndPostImages": {"enabled": true}}
{"insert": "t", "documents": [{"_id": 1, "n": 1}]}
