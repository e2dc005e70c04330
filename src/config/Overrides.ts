import { LogLevel, Option, Schema } from "effect"
import { Bucket, DataDir, HomeServerName, HostName, Port, Region, ShardCount, ShardIndex } from "./ConfigFile.ts"
import type { Environment } from "./environment.ts"
import { type Found, variable } from "./variable.ts"

/** What the environment says in place of the file; null where it says nothing. */
export interface Overrides {
  readonly logLevel: LogLevel.LogLevel | null
  readonly metricsHost: string | null
  readonly metricsPort: number | null
  readonly bucketName: string | null
  readonly homeServerName: string | null
  readonly awsRegion: string | null
  readonly dataDir: string | null
  readonly shardIndex: number | null
  readonly shardCount: number | null
}

/** An environment that says nothing. */
export const noOverrides: Overrides = {
  logLevel: null,
  metricsHost: null,
  metricsPort: null,
  bucketName: null,
  homeServerName: null,
  awsRegion: null,
  dataDir: null,
  shardIndex: null,
  shardCount: null
}

const levelNamed = (text: string): Option.Option<LogLevel.LogLevel> => {
  const name = text.trim().toLowerCase()
  const level = name === "warning" ? "warn" : name
  return Option.fromUndefinedOr(LogLevel.values.find((known) => known.toLowerCase() === level))
}

const wholeNumber = <S extends Schema.Codec<number>>(schema: S) => (text: string): Option.Option<number> =>
  /^\d{1,9}$/.test(text) ? Schema.decodeOption(schema)(Number(text)) : Option.none()

/** A number, or the name of a pod of a StatefulSet, which ends in one. */
const ordinal = (text: string): Option.Option<number> =>
  wholeNumber(ShardIndex)(/^(?:[a-z0-9][a-z0-9.-]*-)?(\d+)$/.exec(text.trim())?.[1] ?? "")

/** Reads the variables that override the file. */
export const readOverrides = (environment: Environment): Found<Overrides> => {
  const logLevel = variable(environment, "LOG_LEVEL", levelNamed, {
    expected: "one of all, trace, debug, info, warn, error, fatal, none, in any case",
    instead: "set LOG_LEVEL=info, or unset it"
  })
  const metricsHost = variable(environment, "METRICS_HOST", Schema.decodeOption(HostName), {
    expected: "a host name or an address",
    instead: "set METRICS_HOST=0.0.0.0 to be reachable from elsewhere, or unset it to use http.host of the file"
  })
  const metricsPort = variable(environment, "METRICS_PORT", (text) => wholeNumber(Port)(text.trim()), {
    expected: "a port from 0 to 65535",
    instead: "set METRICS_PORT=9090, or unset it to use http.port of the file"
  })
  const bucketName = variable(environment, "BUCKET_NAME", Schema.decodeOption(Bucket), {
    expected: "3 to 63 letters, digits, dots, dashes and underscores",
    instead: "set BUCKET_NAME=market-data, or unset it to use aws.bucket of the file"
  })
  const homeServerName = variable(environment, "HOME_SERVER_NAME", Schema.decodeOption(HomeServerName), {
    expected:
      "one path segment of at most 63 letters, digits, dots, dashes and underscores, beginning with a letter or digit, no date",
    instead: "set HOME_SERVER_NAME=tokyo-1, or unset it to use aws.home_server_name of the file"
  })
  const awsRegion = variable(environment, "AWS_REGION", Schema.decodeOption(Region), {
    expected: "the name of a region in letters, digits and dashes",
    instead: "set AWS_REGION=us-east-1, or unset it to use aws.region of the file"
  })
  const dataDir = variable(environment, "DATA_DIR", Schema.decodeOption(DataDir), {
    expected: "a path of a folder, without ~ or variables, which nobody replaces here",
    instead: "set DATA_DIR=data/parquet, or unset it to use storage.data_dir of the file"
  })
  const shardIndex = variable(environment, "SHARD_INDEX", ordinal, {
    expected: "a whole number from 0 to 999, or a name that ends in a dash and one",
    instead: "set SHARD_INDEX=0 for the first process, or unset it to use shard.index of the file"
  })
  const shardCount = variable(environment, "SHARD_COUNT", (text) => wholeNumber(ShardCount)(text.trim()), {
    expected: "a whole number from 1 to 1000",
    instead: "set SHARD_COUNT=4 for four processes, or unset it to use shard.count of the file"
  })
  return {
    value: {
      logLevel: logLevel.value,
      metricsHost: metricsHost.value,
      metricsPort: metricsPort.value,
      bucketName: bucketName.value,
      homeServerName: homeServerName.value,
      awsRegion: awsRegion.value,
      dataDir: dataDir.value,
      shardIndex: shardIndex.value,
      shardCount: shardCount.value
    },
    problems: [
      logLevel,
      metricsHost,
      metricsPort,
      bucketName,
      homeServerName,
      awsRegion,
      dataDir,
      shardIndex,
      shardCount
    ].flatMap((found) => found.problems)
  }
}
