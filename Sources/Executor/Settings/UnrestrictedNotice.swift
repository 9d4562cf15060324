import Glibc
import Linux

/// What the first launch on a host says where its operator restricts nothing.
enum UnrestrictedNotice {
  private static let text =
    "there is no `allow:` in \(OperatorFile.standardPath): a task's Compose file may ask for all that Docker can do, which "
    + "is root on this host (docs/security.md; said once until the next boot)"

  /// Where a launch leaves its mark: memory, which the next boot begins with anew.
  private static let folder = HostDirectory.path

  /// The notice, for the first who asks on this host; nil for all others, and for a user who can't leave the mark.
  ///
  /// - Parameter folder: where the mark is left.
  /// - Returns: the notice.
  static func first(in folder: String = folder) -> String? {
    // One that is there may be anybody's: nothing is written into what isn't root's own.
    mkdir(folder, 0o755)
    var status = stat()
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == 0,
      status.st_mode & (S_IWGRP | S_IWOTH) == 0
    else { return nil }
    let mark = open(folder + "/unrestricted", O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o644)
    guard mark >= 0 else { return nil }
    close(mark)
    return text
  }
}
