import CCurl
import Glibc

/// A curl easy handle and the state of its callbacks. Only the event loop's thread uses it.
final class Transfer {
  let exchange: Exchange
  let easy: UnsafeMutableRawPointer
  /// The time at which the exchange fails with a timeout. It changes when the head of a stream
  /// arrives.
  private(set) var deadline: ContinuousClock.Instant?

  private unowned let thread: EventLoopThread
  private var headers: UnsafeMutablePointer<curl_slist>?
  private let errorText: UnsafeMutablePointer<CChar>
  private var head = HeadParser()
  private var hasHead = false
  private var isTooLarge = false
  private var isTouched = false

  init(_ exchange: Exchange, thread: EventLoopThread) throws(HTTPError) {
    guard let easy = curl_easy_init() else {
      throw exchange.error(.invalidRequest, "curl has no memory")
    }
    self.exchange = exchange
    self.thread = thread
    self.easy = easy
    errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    deadline = exchange.request.timeout.map { ContinuousClock.now + $0 }
    let context = Unmanaged.passUnretained(self).toOpaque()
    headers = try EasyOptions(easy: easy, exchange: exchange).apply()
    ccurl_set_headers(easy, headers)
    ccurl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText)
    ccurl_set_pointer(easy, CURLOPT_HEADERDATA, context)
    ccurl_set_pointer(easy, CURLOPT_WRITEDATA, context)
    ccurl_set_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
      Transfer.from(context).receiveHeader(
        UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    ccurl_set_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
      Transfer.from(context).receiveBody(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
  }

  deinit {
    curl_easy_cleanup(easy)
    curl_slist_free_all(headers)
    errorText.deallocate()
  }

  private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer {
    guard let context else { preconditionFailure("curl called back without a context") }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
  }

  /// Resumes the body.
  func resume() {
    curl_easy_pause(easy, CURLPAUSE_CONT)
  }

  /// Wakes the consumer, once for all data of an iteration.
  func publish() {
    isTouched = false
    exchange.wakeWaiters()
  }

  private func touch(_ count: Int) {
    thread.touch(self, isFirst: !isTouched, count: count)
    isTouched = true
  }

  private func receiveHeader(_ line: UnsafeRawBufferPointer) -> Int {
    // After the head only trailers can follow. They are ignored.
    guard exchange.mode != .status, !hasHead, let head = head.take(line, status: status) else {
      return line.count
    }
    hasHead = true
    let request = exchange.request
    if exchange.mode == .stream, 200..<300 ~= head.status {
      deadline = request.bodyTimeout.map { ContinuousClock.now + $0 }
    }
    exchange.receive(head: head)
    touch(0)
    return line.count
  }

  /// The status code of the last response, as curl parsed it. 0 before the first response.
  private var status: Int { ccurl_get_long(easy, CURLINFO_RESPONSE_CODE) }

  private func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Int {
    switch exchange.receive(bytes) {
    case .taken:
      touch(bytes.count)
      return bytes.count
    case .full: return Int(CURL_WRITEFUNC_PAUSE)
    case .tooLarge:
      isTooLarge = true
      return bytes.count &- 1
    }
  }

  // MARK: - How it ended

  var lateness: HTTPError {
    let request = exchange.request
    let what = hasHead ? "no complete response" : "no response"
    let isBody = hasHead && exchange.mode == .stream && request.bodyTimeout != nil
    let limit = (isBody ? request.bodyTimeout : request.timeout).map { " within \($0)" } ?? ""
    return exchange.error(.timedOut, "\(what) from \(request.endpoint)\(limit)")
  }

  func outcome(_ code: CURLcode) -> Result<Void, any Error> {
    if isTooLarge {
      let limit = exchange.request.maximumBodySize
      return .failure(exchange.error(.tooLarge, "the response is larger than \(limit) bytes"))
    }
    if code == CURLE_OK {
      if exchange.mode == .status { exchange.receive(head: HTTPHead(status: status)) }
      return .success(())
    }
    return .failure(exchange.failure(code, easy, detail: String(cString: errorText)))
  }

}

extension Exchange {
  /// The error for a curl code.
  func failure(_ code: CURLcode, _ easy: UnsafeMutableRawPointer, detail: String) -> HTTPError {
    let reason = reason(of: code, easy, detail)
    // A server that rejects the client's certificate reports it after the handshake.
    let isRefused = request.endpoint.tls != nil && reason.contains("alert")
    return error(isRefused ? .tls : HTTPError.Kind(code), reason)
  }

  private func reason(
    of code: CURLcode, _ easy: UnsafeMutableRawPointer, _ detail: String
  ) -> String {
    let endpoint = request.endpoint
    let number = Int32(truncatingIfNeeded: ccurl_get_long(easy, CURLINFO_OS_ERRNO))
    if code == CURLE_COULDNT_CONNECT, number != 0 {
      return "cannot connect to \(endpoint): \(String(cString: strerror(number)))"
    }
    return "\(endpoint): \(detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail)"
  }
}

extension HTTPError.Kind {
  init(_ code: CURLcode) {
    switch code {
    case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY,
      CURLE_OPERATION_TIMEDOUT:
      // The only timer of curl that is set is the one for connecting.
      self = .unreachable
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CIPHER:
      self = .tls
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2,
      CURLE_BAD_CONTENT_ENCODING:
      self = .malformed
    case CURLE_URL_MALFORMAT, CURLE_OUT_OF_MEMORY, CURLE_BAD_FUNCTION_ARGUMENT:
      self = .invalidRequest
    default:
      self = .connectionLost
    }
  }
}
