extension YAMLNode {
  /// Reads the one document of a YAML text that is no Compose file, such as our own configuration.
  ///
  /// - Parameters:
  ///   - text: the YAML.
  ///   - file: what the file is called in messages.
  /// - Returns: the document; nil where there is none.
  /// - Throws: `ComposeError` with the place of what is wrong.
  public static func document(_ text: String, file: String) throws(ComposeError) -> YAMLNode? {
    let documents = try YAMLParser.documents(in: Array(text.utf8), file: file).filter {
      !$0.root.isNull
    }
    if documents.count > 1 {
      throw ComposeError("a second document is not expected", at: documents[1].root.position)
    }
    return documents.first?.root
  }
}
