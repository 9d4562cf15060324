#pragma once

/* TERM, INT and HUP that came before the program could listen to them.

   A program that lives for a pod counts them from its very beginning, before its libraries and its runtime are ready:
   their default would end it without a word. Of compose-executor these are `compose-executor` and `compose-executor
   run`; every other command keeps the default. */

/* How often a signal (SIGTERM, SIGINT or SIGHUP) came so far; from now on it isn't counted: whoever asks listens to it
   already. 0 for any other signal, and where nothing counts. */
int signals_take_early(int number);
