{"insert": "customers", "documents": [{"_id": 1, "n": 1}, {"_id": {"$numberLong": "1004"}, "first_name": "Anne"}]}
{"insert": "orders", "documents": [{"_id": {"$oid": "596e275826f08b2730779e1f"}, "quantity": 2}]}
