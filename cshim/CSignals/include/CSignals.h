#pragma once

/* TERM, INT and HUP signals that arrive before the program can handle them.

   A program that runs a pod counts these signals from its start, before its libraries and
   runtime are initialized: their default action would kill it without a message.
   This applies to `compose-executor` and `compose-executor run`; all other commands keep the
   default actions. */

/* How often a signal (SIGTERM, SIGINT or SIGHUP) has arrived so far. The signal isn't counted
   after this call: the caller must handle it already. 0 for any other signal, and for commands
   that don't count. */
int signals_take_early(int number);
