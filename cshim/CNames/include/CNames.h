/* Reverse name resolution by c-ares. A static glibc would load the host's resolver modules,
   which may not match its version. */
#pragma once

#include <stddef.h>

/* Writes the name of an IPv4 or IPv6 address, from /etc/hosts or the name servers in
   /etc/resolv.conf. It blocks for a few seconds at most.

   Returns 0, or -1 if there is no such name or it doesn't fit into `size` bytes. */
int names_of_address(const char *address, char *name, size_t size);
