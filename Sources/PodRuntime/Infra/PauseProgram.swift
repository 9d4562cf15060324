/// The program of a pod's infrastructure container, which keeps namespaces open for other
/// containers. It waits, reaps the orphans of its pid namespace as process 1, and exits at once on
/// SIGTERM or SIGINT. It needs no library and no file.
///
///     block SIGINT, SIGTERM, SIGCHLD        (process 1 has no default actions; no signal is lost)
///     wait:  signal = rt_sigtimedwait(the blocked signals)
///            if signal < 0: goto wait      (interrupted)
///            if signal != SIGCHLD: exit(0)
///     reap:  if wait4(any, WNOHANG) > 0: goto reap
///            goto wait
enum PauseProgram: CaseIterable {
  case x86
  case arm

  /// The program for the engine's name of its processor (Engine API, "SystemInfo", Architecture);
  /// nil if there is none.
  init?(architecture: String) {
    switch architecture {
    case "x86_64", "amd64": self = .x86
    case "aarch64", "arm64": self = .arm
    default: return nil
    }
  }

  /// The processor's name in images.
  var architecture: String {
    switch self {
    case .x86: "amd64"
    case .arm: "arm64"
    }
  }

  /// The program as a file: an ELF header, two program headers, the instructions.
  var file: [UInt8] {
    let headers = 64 + 2 * 56
    let size = UInt64(headers + code.count)
    let address: UInt64 = 0x40_0000
    var file: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    // An executable of version 1 that begins after the headers; no sections.
    file += bytes(2, 2) + bytes(machine, 2) + bytes(1, 4)
    file += bytes(address + UInt64(headers), 8) + bytes(64, 8) + bytes(0, 8) + bytes(0, 4)
    file += bytes(64, 2) + bytes(56, 2) + bytes(2, 2) + bytes(0, 2) + bytes(0, 2) + bytes(0, 2)
    // The whole file is loaded readable and executable; a page is at most 64 KiB.
    file += bytes(1, 4) + bytes(5, 4) + bytes(0, 8) + bytes(address, 8) + bytes(address, 8)
    file += bytes(size, 8) + bytes(size, 8) + bytes(0x1_0000, 8)
    // The stack is not executable.
    file += bytes(0x6474_e551, 4) + bytes(6, 4) + [UInt8](repeating: 0, count: 40) + bytes(16, 8)
    return file + code
  }

  private var machine: UInt64 {
    switch self {
    case .x86: 62
    case .arm: 183
    }
  }

  private func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
  }

  private var code: [UInt8] {
    switch self {
    case .x86:
      [
        0x68, 0x02, 0x40, 0x01, 0x00,  // push $0x14002: signals 2, 15, 17
        0xb8, 0x0e, 0x00, 0x00, 0x00,  // mov $14, %eax: rt_sigprocmask
        0x31, 0xff,  // xor %edi, %edi: SIG_BLOCK
        0x48, 0x89, 0xe6,  // mov %rsp, %rsi
        0x31, 0xd2,  // xor %edx, %edx
        0x41, 0xba, 0x08, 0x00, 0x00, 0x00,  // mov $8, %r10d
        0x0f, 0x05,  // syscall
        0xb8, 0x80, 0x00, 0x00, 0x00,  // wait: mov $128, %eax: rt_sigtimedwait
        0x48, 0x89, 0xe7,  // mov %rsp, %rdi
        0x31, 0xf6,  // xor %esi, %esi
        0x31, 0xd2,  // xor %edx, %edx
        0x41, 0xba, 0x08, 0x00, 0x00, 0x00,  // mov $8, %r10d
        0x0f, 0x05,  // syscall
        0x83, 0xf8, 0x11,  // cmp $17, %eax
        0x74, 0x0d,  // je reap
        0x85, 0xc0,  // test %eax, %eax
        0x78, 0xe3,  // js wait
        0xb8, 0x3c, 0x00, 0x00, 0x00,  // mov $60, %eax: exit
        0x31, 0xff,  // xor %edi, %edi
        0x0f, 0x05,  // syscall
        0xb8, 0x3d, 0x00, 0x00, 0x00,  // reap: mov $61, %eax: wait4
        0x48, 0x83, 0xcf, 0xff,  // or $-1, %rdi
        0x31, 0xf6,  // xor %esi, %esi
        0xba, 0x01, 0x00, 0x00, 0x00,  // mov $1, %edx: WNOHANG
        0x45, 0x31, 0xd2,  // xor %r10d, %r10d
        0x0f, 0x05,  // syscall
        0x85, 0xc0,  // test %eax, %eax
        0x7f, 0xe7,  // jg reap
        0xeb, 0xbf,  // jmp wait
      ]
    case .arm:
      [
        0x49, 0x00, 0x88, 0xd2,  // mov x9, #0x4002
        0x29, 0x00, 0xa0, 0xf2,  // movk x9, #1, lsl #16: signals 2, 15, 17
        0xe9, 0x0f, 0x1f, 0xf8,  // str x9, [sp, #-16]!
        0xe8, 0x10, 0x80, 0xd2,  // mov x8, #135: rt_sigprocmask
        0x00, 0x00, 0x80, 0xd2,  // mov x0, #0: SIG_BLOCK
        0xe1, 0x03, 0x00, 0x91,  // mov x1, sp
        0x02, 0x00, 0x80, 0xd2,  // mov x2, #0
        0x03, 0x01, 0x80, 0xd2,  // mov x3, #8
        0x01, 0x00, 0x00, 0xd4,  // svc #0
        0x28, 0x11, 0x80, 0xd2,  // wait: mov x8, #137: rt_sigtimedwait
        0xe0, 0x03, 0x00, 0x91,  // mov x0, sp
        0x01, 0x00, 0x80, 0xd2,  // mov x1, #0
        0x02, 0x00, 0x80, 0xd2,  // mov x2, #0
        0x03, 0x01, 0x80, 0xd2,  // mov x3, #8
        0x01, 0x00, 0x00, 0xd4,  // svc #0
        0x1f, 0x44, 0x00, 0x71,  // cmp w0, #17
        0xa0, 0x00, 0x00, 0x54,  // b.eq reap
        0x00, 0xff, 0xff, 0x37,  // tbnz w0, #31, wait
        0xa8, 0x0b, 0x80, 0xd2,  // mov x8, #93: exit
        0x00, 0x00, 0x80, 0xd2,  // mov x0, #0
        0x01, 0x00, 0x00, 0xd4,  // svc #0
        0x88, 0x20, 0x80, 0xd2,  // reap: mov x8, #260: wait4
        0x00, 0x00, 0x80, 0x92,  // mov x0, #-1
        0x01, 0x00, 0x80, 0xd2,  // mov x1, #0
        0x22, 0x00, 0x80, 0xd2,  // mov x2, #1: WNOHANG
        0x03, 0x00, 0x80, 0xd2,  // mov x3, #0
        0x01, 0x00, 0x00, 0xd4,  // svc #0
        0x1f, 0x00, 0x00, 0x71,  // cmp w0, #0
        0x2c, 0xff, 0xff, 0x54,  // b.gt reap
        0xec, 0xff, 0xff, 0x17,  // b wait
      ]
    }
  }
}
