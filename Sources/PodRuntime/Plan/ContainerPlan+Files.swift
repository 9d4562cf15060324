import Compose
import DockerEngine

extension ContainerPlan {
  /// Secrets and configs whose text is copied into the container.
  ///
  /// - Returns: nil if there are none.
  func copiedFiles() -> FileArchive? {
    guard !copies.isEmpty else { return nil }
    return FileArchive(
      files: copies.compactMap { copy in
        guard case .content(let text) = copy.source else { return nil }
        return FileArchive.File(
          path: copy.target.cleanPath, content: Array(text.utf8), mode: copy.mode ?? 0o444,
          uid: copy.uid ?? 0, gid: copy.gid ?? 0)
      })
  }
}
