import OrderedCollections
import YAML

/// One entry of a service's `volumes:` or `tmpfs:` (Compose specification, "volumes").
public struct ServiceMount: Sendable, Equatable {
  /// What is mounted.
  public enum Source: Sendable, Equatable {
    /// A folder or file of the host, absolute.
    case bind(path: String)
    /// A named volume: a key of the top-level `volumes:`.
    case volume(key: String)
    /// A volume without a name, which goes with its container.
    case anonymous
    /// Memory; size in bytes, mode in octal digits' value.
    case tmpfs(size: ByteSize?, mode: UInt32?)
    /// An entry of the service key `tmpfs:`, with its options as Docker's HostConfig.Tmpfs takes them.
    case shortTmpfs(options: String)
    /// An image's files; the path within it.
    case image(name: String, subpath: String?)
  }
  /// What is mounted.
  public var source: Source
  /// Path in the container.
  public var target: String
  /// True to mount it read-only.
  public var readOnly: Bool
  /// `bind.propagation`.
  public var propagation: String?
  /// `bind.create_host_path`: make a missing folder of the host. True unless the file says otherwise.
  public var createHostPath: Bool
  /// `bind.recursive`: `disabled`, `writable` or `readonly`; nil or `enabled` for the engine's own way.
  public var recursion: String?
  /// `bind.selinux`: `z` or `Z`.
  public var selinux: String?
  /// `volume.nocopy`.
  public var noCopy: Bool
  /// `volume.subpath`.
  public var subpath: String?
  /// `volume.labels`, of a volume that is made for this mount.
  public var labels: OrderedDictionary<String, String>
  /// `consistency`, a hint that engines keep.
  public var consistency: String?
  /// Other access modes of the short form that Docker takes as they are (`cached`, `delegated`, …).
  public var otherModes: [String]
  /// Where it stands.
  public var position: SourcePosition
  /// Makes a mount.
  public init(source: Source, target: String, position: SourcePosition) {
    self.source = source
    self.target = target
    self.position = position
    readOnly = false
    propagation = nil
    createHostPath = false
    selinux = nil
    noCopy = false
    subpath = nil
    labels = [:]
    otherModes = []
  }
}

/// One entry of `volumes_from:`.
public struct VolumesFrom: Sendable, Equatable {
  /// Whose volumes.
  public enum Source: Sendable, Equatable {
    /// A service of the project.
    case service(String)
    /// A container outside the project.
    case container(String)
  }
  /// Whose volumes.
  public var source: Source
  /// True for `:ro`.
  public var readOnly: Bool
  /// Makes an entry.
  public init(source: Source, readOnly: Bool = false) {
    self.source = source
    self.readOnly = readOnly
  }
}
