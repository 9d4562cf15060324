// libcurl for Swift: each variadic function of curl is wrapped once per argument type.
#ifndef CCURL_H
#define CCURL_H

#include <curl/curl.h>

typedef size_t (*ccurl_write_function)(char *bytes, size_t size, size_t count, void *context);

CURLcode ccurl_set_long(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value);
/// A string that curl copies.
CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value);
/// A pointer that must stay valid as long as the handle uses it.
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value);
CURLcode ccurl_set_headers(CURL *easy, struct curl_slist *headers);
/// `size` bytes of request body, which curl copies.
CURLcode ccurl_set_body(CURL *easy, const void *bytes, curl_off_t size);
/// CURLOPT_WRITEFUNCTION or CURLOPT_HEADERFUNCTION.
CURLcode ccurl_set_callback(CURL *easy, CURLoption option, ccurl_write_function function);

/// Sets close-on-exec on the handle's sockets, so that child programs don't inherit them.
CURLcode ccurl_close_on_exec(CURL *easy);

long ccurl_get_long(CURL *easy, CURLINFO info);

/// The socket of a handle with CURLOPT_CONNECT_ONLY; -1 if there is none.
int ccurl_get_socket(CURL *easy);

/// The result of a message of type CURLMSG_DONE. It is in a union, which is inconvenient in Swift.
CURLcode ccurl_message_result(const CURLMsg *message);

#endif
