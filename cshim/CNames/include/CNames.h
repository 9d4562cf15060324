/* Names of addresses by c-ares: a static glibc would load the host's own resolver modules, which may not fit. */
#pragma once

#include <stddef.h>

/* Writes the name that /etc/hosts or the name servers of /etc/resolv.conf have for an IPv4 or IPv6 address. Waits for
   them, some seconds at most.

   Returns 0, or -1 where there is no such name, or `size` bytes don't hold it. */
int names_of_address(const char *address, char *name, size_t size);
