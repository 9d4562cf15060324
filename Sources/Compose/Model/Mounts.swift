import OrderedCollections
import YAML

/// One entry of a service's `volumes:` or `tmpfs:` (Compose specification, "volumes").
package struct ServiceMount: Sendable, Equatable {
  /// The source of a mount.
  package enum Source: Sendable, Equatable {
    /// A directory or file of the host, absolute.
    case bind(path: String)
    /// A named volume: a key of the top-level `volumes:`.
    case volume(key: String)
    /// An unnamed volume, which is removed with its container.
    case anonymous
    /// A tmpfs; `size` in bytes, `mode` as the numeric value of the permission bits.
    case tmpfs(size: ByteSize?, mode: UInt32?)
    /// An entry of the service key `tmpfs:`, with its options in the format of Docker's
    /// HostConfig.Tmpfs.
    case shortTmpfs(options: String)
    /// The files of an image, or of a path within it.
    case image(name: String, subpath: String?)
  }
  /// The source.
  package var source: Source
  /// The path in the container.
  package var target: String
  /// True to mount it read-only.
  package var readOnly = false
  /// `bind.propagation`.
  package var propagation: String?
  /// `bind.create_host_path`: create a missing directory of the host. True unless the file sets it
  /// to false.
  package var createHostPath = false
  /// `bind.recursive`: `disabled`, `writable` or `readonly`; nil or `enabled` for the engine's
  /// default.
  package var recursion: String?
  /// `bind.selinux`: `z` or `Z`.
  package var selinux: String?
  /// `volume.nocopy`.
  package var noCopy = false
  /// `volume.subpath`.
  package var subpath: String?
  /// `volume.labels`, the labels of a volume that is created for this mount.
  package var labels: OrderedDictionary<String, String> = [:]
  /// `consistency`, a hint that engines store but don't apply.
  package var consistency: String?
  /// Other access modes of the short form, passed to Docker unchanged (`cached`, `delegated`, …).
  package var otherModes: [String] = []
  /// The position in the file.
  package var position: SourcePosition
  /// Creates a read-write mount with default options.
  package init(source: Source, target: String, position: SourcePosition) {
    self.source = source
    self.target = target
    self.position = position
  }
}

/// One entry of `volumes_from:`.
package struct VolumesFrom: Sendable, Equatable {
  /// The owner of the volumes.
  package enum Source: Sendable, Equatable {
    /// A service of the project.
    case service(String)
    /// A container outside the project.
    case container(String)
  }
  /// The owner of the volumes.
  package var source: Source
  /// True for `:ro`.
  package var readOnly: Bool
  /// Creates an entry.
  package init(source: Source, readOnly: Bool = false) {
    self.source = source
    self.readOnly = readOnly
  }
}
