{"delete": "t", "deletes": [{"q": {"_id": {"$minKey": 1}}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": null}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": 1}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": {"$numberDecimal": "1.10"}}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": {"$numberLong": "5"}}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": 12.34}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": "a\"b"}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": {"hi": "kafka", "nums": [1, {"$numberLong": "2"}]}}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": {"$binary": {"base64": "AAAAAAAAAAAAAAAAAAAAAA==", "subType": "04"}}}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": {"$oid": "596e275826f08b2730779e1f"}}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": true}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": {"$date": "2024-05-01T12:00:00.123Z"}}, "limit": 1}]}
{"delete": "t", "deletes": [{"q": {"_id": {"$timestamp": {"t": 1, "i": 2}}}, "limit": 1}]}
