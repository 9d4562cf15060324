extension YAMLNode {
  /// Reads the only document of a YAML text that isn't a Compose file, such as a settings file.
  ///
  /// - Parameters:
  ///   - text: The YAML.
  ///   - file: The name of the file in messages.
  /// - Returns: The document; nil if there is none.
  /// - Throws: `DiagnosticError` with the position of the error.
  package static func document(_ text: String, file: String) throws(DiagnosticError) -> YAMLNode? {
    let documents = try YAMLParser.documents(in: Array(text.utf8), file: file).filter {
      !$0.root.isNull
    }
    if documents.count > 1 {
      throw DiagnosticError("only one document is allowed", at: documents[1].root.position)
    }
    return documents.first?.root
  }
}
