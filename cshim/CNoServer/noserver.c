/* Debian's libdbus-1.a wants libsystemd for servers that systemd starts by their sockets. Nothing here is a server, and
   there is no static libsystemd: nobody calls these. In a dynamic program the library brings its own. */
#ifdef STATIC_DBUS
int sd_listen_fds(int unset_environment);
int sd_is_socket(int fd, int family, int type, int listening);

int sd_listen_fds(int unset_environment) {
  (void)unset_environment;
  return 0;
}

int sd_is_socket(int fd, int family, int type, int listening) {
  (void)fd, (void)family, (void)type, (void)listening;
  return 0;
}
#else
/* A translation unit has a declaration at least. */
extern const int cdbus_is_dynamic;
const int cdbus_is_dynamic = 1;
#endif
