import Foundation
import JSON
import TestSupport
import Testing

@Suite("Base64, compared with Foundation's")
struct Base64Tests {
  @Test("is the same for bytes of every length")
  func bytes() {
    var random = SeededGenerator(seed: .random(in: .min ... .max))
    for count in 0..<100 {
      let bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
      let text = Base64.text(of: bytes)
      #expect(text == Data(bytes).base64EncodedString())
      #expect(Base64.bytes(of: text) == bytes)
    }
  }

  @Test("is decoded or refused alike for unusual texts")
  func texts() {
    var random = SeededGenerator(seed: .random(in: .min ... .max))
    let digits = Array("AQgw+/=-_ \né9z")
    var texts = [
      "", "=", "==", "====", "A===", "AA==", "AB==", "AAA=", "AAB=", "A=A=", "AA=A", "AAAA=",
      "AAAA====", "AAAAA", "AA==",
    ]
    for _ in 0..<2000 {
      texts.append(
        String(
          (0..<Int.random(in: 0...12, using: &random)).map { _ in
            digits[Int.random(in: 0..<digits.count, using: &random)]
          }))
    }
    for text in texts {
      let foundation = Data(base64Encoded: text).map { Array($0) }
      // Foundation ignores the text after a digit and one padding character. protobuf and Go refuse
      // it.
      if Base64.bytes(of: text) != foundation {
        #expect(Base64.bytes(of: text) == nil && text.contains("="), "\(text.debugDescription)")
      }
    }
  }
}
