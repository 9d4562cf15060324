#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Addresses of the Internet Protocol, versions 4 and 6.
package enum IPAddress {
  /// True for an address that the system's `inet_pton` reads.
  package static func isValid(_ text: String) -> Bool {
    var storage = in6_addr()
    return inet_pton(AF_INET, text, &storage) == 1 || inet_pton(AF_INET6, text, &storage) == 1
  }
}
