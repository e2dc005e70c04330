import { Effect, FileSystem, Schema } from "effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { findProgram } from "./prometheusPrograms.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))

const decodeAnswer = Schema.decodeUnknownSync(
  Schema.Struct({ status: Schema.Literal("success"), data: Schema.Unknown })
)
const decodeVector = Schema.decodeUnknownSync(Schema.Struct({
  result: Schema.Array(Schema.Struct({
    metric: Schema.Record(Schema.String, Schema.String),
    value: Schema.Tuple([Schema.Finite, Schema.String])
  }))
}))
const decodeRules = Schema.decodeUnknownSync(Schema.Struct({
  groups: Schema.Array(Schema.Struct({
    rules: Schema.Array(
      Schema.Struct({ name: Schema.String, query: Schema.String, health: Schema.String, state: Schema.String })
    )
  }))
}))
const decodeAlerts = Schema.decodeUnknownSync(Schema.Struct({
  alerts: Schema.Array(Schema.Struct({
    state: Schema.String,
    labels: Schema.Record(Schema.String, Schema.String),
    annotations: Schema.Record(Schema.String, Schema.String)
  }))
}))
const decodeTargets = Schema.decodeUnknownSync(Schema.Struct({
  activeTargets: Schema.Array(
    Schema.Struct({ scrapePool: Schema.String, health: Schema.String, lastError: Schema.String })
  )
}))

/** A port of loopback that is free now. */
const freePort = Effect.promise(async () => {
  const { createServer } = await import("node:net")
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  return typeof address === "object" && address !== null ? address.port : 0
})

/**
 * A real Prometheus with the project's own configuration and rules; only the addresses, how often it looks, and how long alerts
 * wait are others.
 */
export const serve = Effect.fnUntraced(function*(targets: { readonly recorder: string; readonly node: string }) {
  const fs = yield* FileSystem.FileSystem
  const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-prometheus-" })
  const port = yield* freePort
  const given = yield* fs.readFileString(`${root}/prometheus.yml`)
  const adapted = given
    .replace("recorder:9090", targets.recorder)
    .replace("node-exporter:9100", targets.node)
    .replace("localhost:9090", `127.0.0.1:${port}`)
    .replaceAll(/(scrape|evaluation)_interval: 15s/g, "$1_interval: 500ms")
  yield* fs.writeFileString(`${folder}/prometheus.yml`, adapted)
  yield* fs.copyFile(`${root}/alerts.yml`, `${folder}/alerts.yml`)
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(findProgram("prometheus").path, [
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`
      ], { stdio: ["ignore", "ignore", "pipe"] })
    ),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGKILL")
        await once(child, "exit")
      })
  )
  yield* Effect.callback<void>((resume) => {
    const said: Array<string> = []
    createInterface(child.stderr).on("line", (line) => {
      said.push(line)
      if (line.includes("Server is ready to receive web requests")) resume(Effect.void)
    })
    child.once("exit", () => resume(Effect.die(new Error(`Prometheus ended: ${said.join("\n")}`))))
  })

  const ask = <A>(path: string, decode: (data: unknown) => A): Effect.Effect<A> =>
    Effect.promise(async () => {
      const response = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)
      const answer: unknown = await response.json()
      if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`)
      return decode(decodeAnswer(answer).data)
    })
  return {
    /** The series that an expression gives now. */
    query: (expr: string) =>
      Effect.map(
        ask(`query?query=${encodeURIComponent(expr)}`, decodeVector),
        ({ result }) => result.map(({ metric, value: [, value] }) => ({ labels: metric, value: Number(value) }))
      ),
    rules: Effect.map(ask("rules", decodeRules), ({ groups }) => groups.flatMap(({ rules }) => rules)),
    alerts: Effect.map(ask("alerts", decodeAlerts), ({ alerts }) => alerts),
    targets: Effect.map(ask("targets", decodeTargets), ({ activeTargets }) => activeTargets)
  }
})
