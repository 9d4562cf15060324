/* Debian's libdbus-1.a needs libsystemd for socket-activated servers. No program of this project
   is such a server, and there is no static libsystemd, so these functions are never called. In a
   dynamic program the library has the symbols. */
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
/* A translation unit needs at least one declaration. */
extern const int cdbus_is_dynamic;
const int cdbus_is_dynamic = 1;
#endif
