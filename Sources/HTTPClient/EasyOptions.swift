import CCurl

/// Sets a request's options on an easy handle.
struct EasyOptions {
  let easy: UnsafeMutableRawPointer
  let exchange: Exchange

  private var request: HTTPRequest { exchange.request }

  /// Sets all options except the callbacks.
  /// - Returns: The header list. The caller sets it, and frees it after the transfer.
  /// - Throws: `HTTPError` if curl rejects an option or a header contains a line break.
  func apply() throws(HTTPError) -> UnsafeMutablePointer<curl_slist>? {
    try set(CURLOPT_NOSIGNAL, 1)
    try set(CURLOPT_URL, request.url)
    try set(CURLOPT_PATH_AS_IS, 1)
    try set(CURLOPT_PROTOCOLS_STR, "http,https")
    try set(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1)
    try set(CURLOPT_CONNECTTIMEOUT_MS, max(1, request.connectTimeout.milliseconds))
    // Detects a dead connection of a long stream over TCP, where no packet may arrive for hours.
    try set(CURLOPT_TCP_KEEPALIVE, 1)
    try check(ccurl_close_on_exec(easy), "close-on-exec")
    if exchange.mode == .stream { try set(CURLOPT_BUFFERSIZE, 256 << 10) }
    if exchange.mode == .status {
      try set(CURLOPT_FOLLOWLOCATION, 1)
      try set(CURLOPT_MAXREDIRS, 50)
      try set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    }
    if request.opensConnection {
      try set(CURLOPT_FRESH_CONNECT, 1)
      try set(CURLOPT_FORBID_REUSE, 1)
    }
    try setTransport()
    try setMethod()
    return try headerList()
  }

  private func setTransport() throws(HTTPError) {
    if case .unix(let path) = request.endpoint.transport {
      try set(CURLOPT_UNIX_SOCKET_PATH, path)
    }
    if !request.endpoint.usesEnvironmentProxy { try set(CURLOPT_PROXY, "") }
    guard let tls = request.endpoint.tls else {
      // A redirect may lead to a server with TLS.
      if exchange.mode == .status { try? setAuthorities(nil) }
      return
    }
    if tls.verifiesServer { try setAuthorities(tls.authorities) }
    if let file = tls.certificate { try set(CURLOPT_SSLCERT, file) }
    if let file = tls.key { try set(CURLOPT_SSLKEY, file) }
    try set(CURLOPT_SSL_VERIFYPEER, tls.verifiesServer ? 1 : 0)
    try set(CURLOPT_SSL_VERIFYHOST, tls.verifiesServer ? 2 : 0)
  }

  private func setAuthorities(_ file: String?) throws(HTTPError) {
    if let file { return try set(CURLOPT_CAINFO, file) }
    let store = TrustStore.ofProcess
    switch store.location() {
    case .file(let path): try set(CURLOPT_CAINFO, path)
    case .directory(let path): try set(CURLOPT_CAPATH, path)
    case nil: throw exchange.error(.tls, "\(request.endpoint): \(store.absence)")
    }
  }

  private func setMethod() throws(HTTPError) {
    if let body = request.body ?? (["POST", "PUT"].contains(request.method) ? [] : nil) {
      let code = body.withUnsafeBytes { ccurl_set_body(easy, $0.baseAddress, curl_off_t($0.count)) }
      try check(code, "the body")
    }
    if request.method == "HEAD" { try set(CURLOPT_NOBODY, 1) }
    if request.method != "GET", request.method != "HEAD" {
      try set(CURLOPT_CUSTOMREQUEST, request.method)
    }
  }

  private func headerList() throws(HTTPError) -> UnsafeMutablePointer<curl_slist>? {
    var lines = ["Expect:"]
    if !request.headers.contains(where: { $0.name.lowercased() == "content-type" }) {
      lines.append("Content-Type:")
    }
    for (name, value) in request.headers {
      let line = value.isEmpty ? "\(name);" : "\(name): \(value)"
      guard !line.utf8.contains(where: { $0 == 10 || $0 == 13 || $0 == 0 }) else {
        throw failure("the header \(name) contains a line end")
      }
      lines.append(line)
    }
    var list: UnsafeMutablePointer<curl_slist>?
    for line in lines {
      guard let longer = curl_slist_append(list, line) else {
        curl_slist_free_all(list)
        throw failure("no memory for the headers")
      }
      list = longer
    }
    return list
  }

  private func set(_ option: CURLoption, _ value: Int) throws(HTTPError) {
    try check(ccurl_set_long(easy, option, value), "option \(option.rawValue)")
  }

  private func set(_ option: CURLoption, _ value: String) throws(HTTPError) {
    guard !value.utf8.contains(0) else { throw failure("a value contains a zero byte") }
    try check(ccurl_set_string(easy, option, value), "“\(value)”")
  }

  private func check(_ code: CURLcode, _ what: String) throws(HTTPError) {
    guard code != CURLE_OK else { return }
    throw failure("\(what): \(String(cString: curl_easy_strerror(code)))")
  }

  private func failure(_ reason: String) -> HTTPError {
    exchange.error(.invalidRequest, reason)
  }
}
