import Testing

@Suite("Imports")
struct ImportTests {
  @Test("no source of the programs imports Foundation, which would be linked in completely")
  func noFoundation() throws {
    let files = try Project.files(below: ["Sources"], endings: ["swift"])
    #expect(files.count > 100)
    for file in files {
      let imports = try Project.text(file).split(separator: "\n").filter {
        $0.contains("import Foundation")
      }
      #expect(imports.isEmpty, "\(file)")
    }
  }
}
