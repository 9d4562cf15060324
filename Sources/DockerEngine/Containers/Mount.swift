/// A mount in the long form (Engine API, "Mount").
public struct Mount: Sendable, Hashable, Encodable {
  /// `bind`, `volume`, `tmpfs`, `npipe`, `cluster` or `image`.
  public var type: String
  /// The path on the host or the volume's name; nil makes an anonymous volume.
  public var source: String?
  /// The path inside the container.
  public var target: String
  /// Whether it is read-only.
  public var readOnly: Bool?
  /// A hint for Docker Desktop.
  public var consistency: String?
  /// Options of a bind mount.
  public var bindOptions: BindOptions?
  /// Options of a volume.
  public var volumeOptions: VolumeOptions?
  /// Options of a temporary file system.
  public var tmpfsOptions: TmpfsOptions?
  /// Options of an image (API 1.48).
  public var imageOptions: ImageOptions?

  /// A mount.
  public init(
    type: String, source: String? = nil, target: String, readOnly: Bool? = nil,
    consistency: String? = nil, bindOptions: BindOptions? = nil,
    volumeOptions: VolumeOptions? = nil, tmpfsOptions: TmpfsOptions? = nil
  ) {
    self.type = type
    self.source = source
    self.target = target
    self.readOnly = readOnly
    self.consistency = consistency
    self.bindOptions = bindOptions
    self.volumeOptions = volumeOptions
    self.tmpfsOptions = tmpfsOptions
  }

  package enum CodingKeys: String, EngineKey, CaseIterable {
    case type, source, target, readOnly, consistency, bindOptions, volumeOptions, tmpfsOptions
    case imageOptions
  }
}

extension Mount {
  /// Options of a bind mount.
  public struct BindOptions: Sendable, Hashable, Encodable {
    /// `private`, `rprivate`, `shared`, `rshared`, `slave` or `rslave`.
    public var propagation: String?
    /// Whether mounts below the source stay out.
    public var nonRecursive: Bool?
    /// Whether a missing source is made (API 1.41).
    public var createMountpoint: Bool?
    /// Whether mounts below a read-only source stay writable (API 1.44).
    public var readOnlyNonRecursive: Bool?
    /// Whether it is an error if they can't be made read-only (API 1.44).
    public var readOnlyForceRecursive: Bool?

    /// Options.
    public init(
      propagation: String? = nil, nonRecursive: Bool? = nil, createMountpoint: Bool? = nil,
      readOnlyNonRecursive: Bool? = nil, readOnlyForceRecursive: Bool? = nil
    ) {
      self.propagation = propagation
      self.nonRecursive = nonRecursive
      self.createMountpoint = createMountpoint
      self.readOnlyNonRecursive = readOnlyNonRecursive
      self.readOnlyForceRecursive = readOnlyForceRecursive
    }

    package enum CodingKeys: String, EngineKey, CaseIterable {
      case propagation, nonRecursive, createMountpoint, readOnlyNonRecursive
      case readOnlyForceRecursive
    }
  }

  /// Options of a volume.
  public struct VolumeOptions: Sendable, Hashable, Encodable {
    /// Whether the image's files at the target are not copied into a new volume.
    public var noCopy: Bool?
    /// Labels of a volume that is made for this mount.
    public var labels: [String: String]?
    /// The driver of a volume that is made for this mount.
    public var driverConfig: Driver?
    /// A path inside the volume (API 1.45).
    public var subpath: String?

    /// Options.
    public init(
      noCopy: Bool? = nil, labels: [String: String]? = nil, driverConfig: Driver? = nil,
      subpath: String? = nil
    ) {
      self.noCopy = noCopy
      self.labels = labels
      self.driverConfig = driverConfig
      self.subpath = subpath
    }

    package enum CodingKeys: String, EngineKey, CaseIterable {
      case noCopy, labels, driverConfig, subpath
    }
  }

  /// A volume driver.
  public struct Driver: Sendable, Hashable, Encodable {
    /// Its name.
    public var name: String?
    /// Its options.
    public var options: [String: String]?

    /// A driver.
    public init(
      name: String? = nil, options: [String: String]? = nil
    ) {
      self.name = name
      self.options = options
    }

    package enum CodingKeys: String, EngineKey, CaseIterable { case name, options }
  }

  /// Options of a temporary file system.
  public struct TmpfsOptions: Sendable, Hashable, Encodable {
    /// Its size in bytes.
    public var sizeBytes: Int?
    /// Its permission bits.
    public var mode: Int?

    /// Options.
    public init(
      sizeBytes: Int? = nil, mode: Int? = nil
    ) {
      self.sizeBytes = sizeBytes
      self.mode = mode
    }

    package enum CodingKeys: String, EngineKey, CaseIterable { case sizeBytes, mode }
  }

  /// Options of an image's files (API 1.48).
  public struct ImageOptions: Sendable, Hashable, Encodable {
    /// A path within the image.
    public var subpath: String?

    /// Options.
    public init(
      subpath: String? = nil
    ) {
      self.subpath = subpath
    }

    package enum CodingKeys: String, EngineKey, CaseIterable { case subpath }
  }
}
