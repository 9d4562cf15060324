/* libdbus, the reference C library of D-Bus, for requests to systemd about slices. */
#pragma once

#include <dbus/dbus.h>
