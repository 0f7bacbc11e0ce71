"""The binary log: bytes in, typed events out; nothing here touches a socket."""
