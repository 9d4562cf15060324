import OrderedCollections
import YAML

/// `healthcheck:` of a service (Compose specification, "healthcheck").
enum Healthchecks {
  static let keys = KeyTable(
    "`healthcheck`",
    [
      Key("test", .test, goes: "Healthcheck.Test", is: .harmless),
      Key("timeout", .duration, goes: "Healthcheck.Timeout", is: .harmless),
      Key("interval", .duration, goes: "Healthcheck.Interval", is: .harmless),
      Key("retries", .integer(.count), omit: .unset, goes: "Healthcheck.Retries", is: .harmless),
      Key("start_period", .duration, goes: "Healthcheck.StartPeriod", is: .harmless),
      Key("start_interval", .duration, goes: "Healthcheck.StartInterval", is: .harmless),
      Key("disable", .boolean, goes: "Healthcheck.Test NONE", is: .harmless),
    ])
}

/// `logging:` of a service (Compose specification, "logging").
enum Log {
  static let keys = KeyTable(
    "`logging`",
    [
      Key("driver", .string, goes: "LogConfig.Type", is: .needs(.logDrivers)),
      Key(
        "options", .pairs(.options), goes: "LogConfig.Config",
        is: .confined("only size, number and tags, unless log-drivers is true")),
    ])
}

/// `credential_spec:` of a service (Compose specification, "credential_spec").
enum Credentials {
  static let keys = KeyTable(
    "`credential_spec`",
    [
      Key("config", .string, never: "for Windows"),
      Key("file", .string, never: "for Windows"),
      Key("registry", .string, never: "for Windows"),
    ])
}

/// `blkio_config:` of a service (Compose specification, "blkio_config").
enum BlockIO {
  static let keys = KeyTable(
    "`blkio_config`",
    [
      Key("weight", .integer(weight), goes: "HostConfig.BlkioWeight", is: .harmless),
      Key(
        "weight_device", .list(.fields(weightKeys)), goes: "HostConfig.BlkioWeightDevice",
        is: .harmless),
      Key(
        "device_read_bps", .list(.fields(rateKeys)), goes: "HostConfig.BlkioDeviceReadBps",
        is: .harmless),
      Key(
        "device_read_iops", .list(.fields(rateKeys)), goes: "HostConfig.BlkioDeviceReadIOps",
        is: .harmless),
      Key(
        "device_write_bps", .list(.fields(rateKeys)), goes: "HostConfig.BlkioDeviceWriteBps",
        is: .harmless),
      Key(
        "device_write_iops", .list(.fields(rateKeys)), goes: "HostConfig.BlkioDeviceWriteIOps",
        is: .harmless),
    ], allowsExtensions: false)

  private static let weight = WholeNumber(
    takesText: false, least: 0, bits: 16, overflow: .unsigned)

  private static let weightKeys = KeyTable(
    "an entry of `weight_device`",
    [
      Key(
        "path", .string, omit: .never(.string("")), json: "Path", goes: "Path", is: .needs(.devices)
      ),
      Key(
        "weight", .integer(weight), omit: .never(.integer(0)), json: "Weight", goes: "Weight",
        is: .harmless),
    ], allowsExtensions: false)

  private static let rateKeys = KeyTable(
    "a limit of a device",
    [
      Key(
        "path", .string, omit: .never(.string("")), json: "Path", goes: "Path", is: .needs(.devices)
      ),
      Key(
        "rate", .bytes(.wholeOrText), omit: .never(.string("0")), json: "Rate", goes: "Rate",
        is: .harmless),
    ], allowsExtensions: false)
}
