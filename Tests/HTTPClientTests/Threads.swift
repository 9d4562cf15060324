import Glibc

/// The HTTP threads of this process: for each thread ID, how often the thread has gone to sleep.
func httpThreads() -> [String: String] {
  var threads: [String: String] = [:]
  guard let directory = opendir("/proc/self/task") else { return [:] }
  defer { closedir(directory) }
  while let entry = readdir(directory) {
    let id = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard let status = text(of: "/proc/self/task/\(id)/status"), status.hasPrefix("Name:\thttp\n")
    else { continue }
    let line = status.split(separator: "\n").first { $0.hasPrefix("voluntary_ctxt_switches") }
    threads[id] = line.map(String.init)
  }
  return threads
}

private func text(of path: String) -> String? {
  let file = open(path, O_RDONLY)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var buffer = [UInt8](repeating: 0, count: 8192)
  let count = read(file, &buffer, buffer.count)
  return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
}
