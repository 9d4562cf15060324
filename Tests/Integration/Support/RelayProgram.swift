/// The common part of the engine proxies, in Python: each client connection is coupled with one to
/// a target.
let relayProgram = """
  import os, re, signal, socket, sys, threading
  lock, pairs = threading.Lock(), set()
  def end(one):
      try: one.shutdown(socket.SHUT_RDWR)
      except OSError: pass
  def end_all():
      with lock: all = list(pairs)
      for client, engine in all: end(client), end(engine)
  def connect(target):
      if target.isdigit(): return socket.create_connection(('127.0.0.1', int(target)))
      engine = socket.socket(socket.AF_UNIX)
      engine.connect(target)
      return engine
  # One way in a thread of its own, the other in the caller's, until both have ended.
  def couple(client, engine, there, back):
      with lock: pairs.add((client, engine))
      thread = threading.Thread(target=back, daemon=True)
      thread.start()
      there()
      thread.join()
      with lock: pairs.discard((client, engine))
      client.close(), engine.close()

  """
