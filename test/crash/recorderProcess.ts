import { Effect } from "effect"
import { type ChildProcess, spawn } from "node:child_process"
import type { Venue } from "../../src/domain/Venue.ts"
import type * as Simulator from "../../src/simulator/Simulator.ts"
import { until } from "../until.ts"
import type { S3StandIn } from "../upload/s3StandIn.ts"

const main = new URL("../../src/main.ts", import.meta.url).pathname

/** Where a recorder in a process of its own finds and keeps what. */
export interface Setting {
  readonly folder: string
  readonly simulator: Simulator.Simulator["Service"]
  readonly venues: ReadonlyArray<Venue>
  /** Null for one that archives. */
  readonly store: S3StandIn | null
  readonly commitMillis: number
}

const symbols: Readonly<Record<Venue, string>> = {
  binance: "btcusdt",
  coinbase: "BTC-USD",
  upbit: "KRW-BTC",
  okx: "BTC-USDT",
  bybit: "BTCUSDT"
}

/** The text of its configuration. */
export const configText = ({ commitMillis, folder, simulator, store, venues }: Setting) =>
  `[websocket]
initial_retry_delay_secs = 1
${store === null ? "" : `[aws]\nendpoint = "${store.endpoint}"\nforce_path_style = true`}
[storage]
mode = "${store === null ? "local" : "s3"}"
data_dir = "${folder}/recording"
local_path = "${folder}/archive"
max_file_age_secs = 2
commit_interval_ms = ${commitMillis}
` + venues.map((venue) => `
[[markets]]
exchange = "${venue}"
symbols = ["${symbols[venue]}"]
base_url = "${simulator.baseUrl(venue)}"
`).join("")

/** Starts the recorder; the end of the scope kills it. */
export const start = (configPath: string, store: S3StandIn | null) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const keys = store === null
        ? {}
        : { AWS_ACCESS_KEY: store.options.accessKey, AWS_SECRET_KEY: store.options.secretKey }
      const child = spawn(process.execPath, [main, "run", "--config", configPath], {
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...keys }
      })
      const state = { said: "" }
      for (const output of [child.stderr, child.stdout]) {
        output.on("data", (chunk: Buffer) => {
          state.said += chunk.toString()
        })
      }
      return { child, state, recording: until(() => state.said.includes(" recording ") || child.exitCode !== null) }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** Waits for its end and answers its exit code; null after a signal. */
export const exited = (child: ChildProcess) =>
  Effect.callback<number | null>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.succeed(child.exitCode))
    child.once("exit", (code) => resume(Effect.succeed(code)))
  })
