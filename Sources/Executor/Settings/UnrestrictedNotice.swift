import Glibc
import Linux

/// The notice of the first launch on a host whose operator restricts nothing.
enum UnrestrictedNotice {
  private static let text =
    "there is no `allow:` in \(OperatorConfiguration.standardPath): a task's Compose file may request everything that Docker can do, which "
    + "is root on this host (docs/security.md; logged once per boot)"

  /// The directory for the mark of the first launch. It is in memory, so that it is empty after a
  /// boot.
  private static let directory = HostDirectory.path

  /// The notice for the first caller on this host since its boot; nil for all others, and for a
  /// user who can't create the mark.
  ///
  /// - Parameter directory: the directory for the mark.
  /// - Returns: the notice.
  static func first(in directory: String = directory) -> String? {
    // An existing directory can be another user's. The mark is created only in a directory that is
    // root's own.
    mkdir(directory, 0o755)
    var status = stat()
    guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == 0,
      status.st_mode & (S_IWGRP | S_IWOTH) == 0
    else { return nil }
    let mark = open(directory + "/unrestricted", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
    guard mark >= 0 else { return nil }
    close(mark)
    return text
  }
}
