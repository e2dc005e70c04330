import { LogLevel, Option, Schema } from "effect"
import { Bucket, HomeServerName, HostName, Port, Region } from "./ConfigFile.ts"
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
}

const levelNamed = (text: string): Option.Option<LogLevel.LogLevel> => {
  const name = text.trim().toLowerCase()
  const level = name === "warning" ? "warn" : name
  return Option.fromUndefinedOr(LogLevel.values.find((known) => known.toLowerCase() === level))
}

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
  const metricsPort = variable(
    environment,
    "METRICS_PORT",
    Schema.decodeOption(Schema.FiniteFromString.pipe(Schema.decodeTo(Port))),
    {
      expected: "a port from 0 to 65535",
      instead: "set METRICS_PORT=9090, or unset it to use http.port of the file"
    }
  )
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
  return {
    value: {
      logLevel: logLevel.value,
      metricsHost: metricsHost.value,
      metricsPort: metricsPort.value,
      bucketName: bucketName.value,
      homeServerName: homeServerName.value,
      awsRegion: awsRegion.value
    },
    problems: [logLevel, metricsHost, metricsPort, bucketName, homeServerName, awsRegion].flatMap(
      (found) => found.problems
    )
  }
}
