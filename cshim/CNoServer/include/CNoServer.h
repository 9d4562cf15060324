/* Replaces the server functions that a static libdbus links: see noserver.c. */
#pragma once
