/// A mount in the long form (Engine API, "Mount").
package struct Mount: Sendable, Hashable, Encodable {
  /// `bind`, `volume`, `tmpfs`, `npipe`, `cluster` or `image`.
  package var type: String
  /// The path on the host or the name of the volume. Nil creates an anonymous volume.
  package var source: String?
  /// The path inside the container.
  package var target: String
  /// Whether the mount is read-only.
  package var readOnly: Bool?
  /// A hint for Docker Desktop.
  package var consistency: String?
  /// Options of a bind mount.
  package var bindOptions: BindOptions?
  /// Options of a volume.
  package var volumeOptions: VolumeOptions?
  /// Options of a temporary file system.
  package var tmpfsOptions: TmpfsOptions?
  /// Options of an image mount (API 1.48).
  package var imageOptions: ImageOptions?

  /// Creates a mount.
  package init(
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
  package struct BindOptions: Sendable, Hashable, Encodable {
    /// `private`, `rprivate`, `shared`, `rshared`, `slave` or `rslave`.
    package var propagation: String?
    /// Whether mounts below the source are left out.
    package var nonRecursive: Bool?
    /// Whether the engine creates a missing source (API 1.41).
    package var createMountpoint: Bool?
    /// Whether mounts below a read-only source remain writable (API 1.44).
    package var readOnlyNonRecursive: Bool?
    /// Whether the engine fails if it can't make those mounts read-only (API 1.44).
    package var readOnlyForceRecursive: Bool?

    /// Creates options.
    package init(
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
  package struct VolumeOptions: Sendable, Hashable, Encodable {
    /// Whether the engine doesn't copy the image's files at the target into a new volume.
    package var noCopy: Bool?
    /// Labels of a volume that is created for this mount.
    package var labels: [String: String]?
    /// The driver of a volume that is created for this mount.
    package var driverConfig: Driver?
    /// A path inside the volume (API 1.45).
    package var subpath: String?

    /// Creates options.
    package init(
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
  package struct Driver: Sendable, Hashable, Encodable {
    /// The name of the driver.
    package var name: String?
    /// The options of the driver.
    package var options: [String: String]?

    /// Creates a driver.
    package init(
      name: String? = nil, options: [String: String]? = nil
    ) {
      self.name = name
      self.options = options
    }

    package enum CodingKeys: String, EngineKey, CaseIterable { case name, options }
  }

  /// Options of a temporary file system.
  package struct TmpfsOptions: Sendable, Hashable, Encodable {
    /// The size in bytes.
    package var sizeBytes: Int?
    /// The permission bits.
    package var mode: Int?

    /// Creates options.
    package init(
      sizeBytes: Int? = nil, mode: Int? = nil
    ) {
      self.sizeBytes = sizeBytes
      self.mode = mode
    }

    package enum CodingKeys: String, EngineKey, CaseIterable { case sizeBytes, mode }
  }

  /// Options of an image mount (API 1.48).
  package struct ImageOptions: Sendable, Hashable, Encodable {
    /// A path inside the image.
    package var subpath: String?

    /// Creates options.
    package init(
      subpath: String? = nil
    ) {
      self.subpath = subpath
    }

    package enum CodingKeys: String, EngineKey, CaseIterable { case subpath }
  }
}
