import OrderedCollections
import YAML

/// `healthcheck:` of a service (Compose specification, "healthcheck").
enum Healthchecks {
  static let keys = ObjectSchema(
    "`healthcheck`",
    [
      SchemaProperty("test", .test, mapsTo: "Healthcheck.Test", is: .harmless),
      SchemaProperty("timeout", .duration, mapsTo: "Healthcheck.Timeout", is: .harmless),
      SchemaProperty("interval", .duration, mapsTo: "Healthcheck.Interval", is: .harmless),
      SchemaProperty(
        "retries", .integer(.count), omit: .unset, mapsTo: "Healthcheck.Retries", is: .harmless),
      SchemaProperty("start_period", .duration, mapsTo: "Healthcheck.StartPeriod", is: .harmless),
      SchemaProperty(
        "start_interval", .duration, mapsTo: "Healthcheck.StartInterval", is: .harmless),
      SchemaProperty("disable", .boolean, mapsTo: "Healthcheck.Test NONE", is: .harmless),
    ])
}

/// `logging:` of a service (Compose specification, "logging").
enum Log {
  static let keys = ObjectSchema(
    "`logging`",
    [
      SchemaProperty("driver", .string, mapsTo: "LogConfig.Type", is: .needs(.logDrivers)),
      SchemaProperty(
        "options", .pairs(.options), mapsTo: "LogConfig.Config",
        is: .confined("only size, number and tags, unless log-drivers is true")),
    ])
}

/// `credential_spec:` of a service (Compose specification, "credential_spec").
enum Credentials {
  static let keys = ObjectSchema(
    "`credential_spec`",
    [
      SchemaProperty("config", .string, never: "for Windows"),
      SchemaProperty("file", .string, never: "for Windows"),
      SchemaProperty("registry", .string, never: "for Windows"),
    ])
}

/// `blkio_config:` of a service (Compose specification, "blkio_config").
enum BlockIO {
  static let keys = ObjectSchema(
    "`blkio_config`",
    [
      SchemaProperty("weight", .integer(weight), mapsTo: "HostConfig.BlkioWeight", is: .harmless),
      SchemaProperty(
        "weight_device", .list(.fields(weightKeys)), mapsTo: "HostConfig.BlkioWeightDevice",
        is: .harmless),
      SchemaProperty(
        "device_read_bps", .list(.fields(rateKeys)), mapsTo: "HostConfig.BlkioDeviceReadBps",
        is: .harmless),
      SchemaProperty(
        "device_read_iops", .list(.fields(rateKeys)), mapsTo: "HostConfig.BlkioDeviceReadIOps",
        is: .harmless),
      SchemaProperty(
        "device_write_bps", .list(.fields(rateKeys)), mapsTo: "HostConfig.BlkioDeviceWriteBps",
        is: .harmless),
      SchemaProperty(
        "device_write_iops", .list(.fields(rateKeys)), mapsTo: "HostConfig.BlkioDeviceWriteIOps",
        is: .harmless),
    ], allowsExtensions: false)

  private static let weight = IntegerRule(
    takesText: false, least: 0, bits: 16, overflow: .unsigned)

  private static let weightKeys = ObjectSchema(
    "an entry of `weight_device`",
    [
      SchemaProperty(
        "path", .string, omit: .never(.string("")), json: "Path", mapsTo: "Path",
        is: .needs(.devices)
      ),
      SchemaProperty(
        "weight", .integer(weight), omit: .never(.integer(0)), json: "Weight", mapsTo: "Weight",
        is: .harmless),
    ], allowsExtensions: false)

  private static let rateKeys = ObjectSchema(
    "a limit of a device",
    [
      SchemaProperty(
        "path", .string, omit: .never(.string("")), json: "Path", mapsTo: "Path",
        is: .needs(.devices)
      ),
      SchemaProperty(
        "rate", .bytes(.wholeOrText), omit: .never(.string("0")), json: "Rate", mapsTo: "Rate",
        is: .harmless),
    ], allowsExtensions: false)
}
