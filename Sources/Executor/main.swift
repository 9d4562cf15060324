print("compose-executor")
