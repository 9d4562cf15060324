/* libdbus, the D-Bus project's own C library: systemd is asked for slices by it. */
#pragma once

#include <dbus/dbus.h>
