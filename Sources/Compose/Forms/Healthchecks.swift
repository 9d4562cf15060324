import OrderedCollections
import YAML

/// `healthcheck:` of a service (Compose specification, "healthcheck").
enum Healthchecks {
  static let keys = KeyTable(
    "`healthcheck`",
    [
      Key("test", .test, goes: "Healthcheck.Test"),
      Key("timeout", .duration, goes: "Healthcheck.Timeout"),
      Key("interval", .duration, goes: "Healthcheck.Interval"),
      Key("retries", .integer(.count), omit: .unset, goes: "Healthcheck.Retries"),
      Key("start_period", .duration, goes: "Healthcheck.StartPeriod"),
      Key("start_interval", .duration, goes: "Healthcheck.StartInterval"),
      Key("disable", .boolean, goes: "Healthcheck.Test NONE"),
    ])
}

/// `logging:` of a service (Compose specification, "logging").
enum Log {
  static let keys = KeyTable(
    "`logging`",
    [
      Key("driver", .string, goes: "LogConfig.Type"),
      Key("options", .pairs(.options), goes: "LogConfig.Config"),
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
      Key("weight", .integer(weight), goes: "HostConfig.BlkioWeight"),
      Key("weight_device", .list(.fields(weightKeys)), goes: "HostConfig.BlkioWeightDevice"),
      Key("device_read_bps", .list(.fields(rateKeys)), goes: "HostConfig.BlkioDeviceReadBps"),
      Key("device_read_iops", .list(.fields(rateKeys)), goes: "HostConfig.BlkioDeviceReadIOps"),
      Key("device_write_bps", .list(.fields(rateKeys)), goes: "HostConfig.BlkioDeviceWriteBps"),
      Key("device_write_iops", .list(.fields(rateKeys)), goes: "HostConfig.BlkioDeviceWriteIOps"),
    ], allowsExtensions: false)

  private static let weight = WholeNumber(
    takesText: false, least: 0, bits: 16, overflow: .unsigned)

  private static let weightKeys = KeyTable(
    "an entry of `weight_device`",
    [
      Key("path", .string, omit: .never(.string("")), json: "Path", goes: "Path"),
      Key("weight", .integer(weight), omit: .never(.integer(0)), json: "Weight", goes: "Weight"),
    ], allowsExtensions: false)

  private static let rateKeys = KeyTable(
    "a limit of a device",
    [
      Key("path", .string, omit: .never(.string("")), json: "Path", goes: "Path"),
      Key(
        "rate", .bytes(.wholeOrText), omit: .never(.string("0")), json: "Rate", goes: "Rate"),
    ], allowsExtensions: false)
}
