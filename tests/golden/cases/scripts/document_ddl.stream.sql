{"insert": "t", "documents": [{"_id": 1}]}
{"create": "made"}
{"createIndexes": "t", "indexes": [{"key": {"a": 1}, "name": "a"}]}
{"insert": "gone", "documents": [{"_id": 1}]}
{"drop": "gone"}
{"insert": "t", "documents": [{"_id": 2}]}
