/* What a static libdbus wants for servers: see noserver.c. */
#pragma once
