{"insert": "t", "documents": [{"_id": 1, "name": "a", "n": 1, "l": 2, "f": 1.5, "d": 3, "b": true, "raw": {"$binary": {"base64": "AQID", "subType": "00"}}, "tags": ["a", 1, {"b": 2}, [1]], "m": {"one": 1, "none": null}, "sub": {"x": 1}}]}
{"insert": "t", "documents": [{"_id": {"$numberLong": "2"}, "name": {"$oid": "596e275826f08b2730779e1f"}, "l": {"$date": "2024-05-01T12:00:00.123Z"}, "d": {"$timestamp": {"t": 5, "i": 1}}, "raw": "text", "sub": {"x": 1.9, "y": "z"}}]}
{"insert": "t", "documents": [{"_id": 3.7, "name": null, "l": 1e300, "f": {"$numberLong": "5000000000"}}]}
