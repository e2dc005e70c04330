/** What a scrape costs: `node test/bench/scrape.bench.ts [feeds...]`. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import { venues } from "../../src/domain/Venue.ts"
import { DiskSpace } from "../../src/telemetry/DiskSpace.ts"
import * as HttpServer from "../../src/telemetry/HttpServer.ts"
import * as Logging from "../../src/telemetry/Logging.ts"
import { Monitor } from "../../src/telemetry/Monitor.ts"
import { latencyBoundsMillis, Telemetry } from "../../src/telemetry/Telemetry.ts"

const rounds = 15
const scrapers = { text: "text/plain", openmetrics: "application/openmetrics-text; version=1.0.0" } as const

/** Feeds that have run for some days. */
const fill = (telemetry: Telemetry["Service"], count: number) => {
  for (let index = 0; index < count; index++) {
    const dataType = index % 2 === 0 ? "trade" : "orderbook"
    const venue = venues[index % venues.length]!
    const stats = telemetry.stats(Feed.make(venue, `COIN${Math.floor(index / 2)}-USDT`, dataType))
    stats.state = "live"
    stats.frames = 10_000_000 + index * 7919
    stats.events = 9_000_000 + index * 104_729
    stats.lastEventAt = 1_795_314_063_089 + index
    stats.pingsSent = stats.pongsReceived = 25_000 + index
    stats.reconnectsBy.closed = index % 17
    stats.rowsWritten = stats.events - index
    stats.rowsBuffered = index % 10_000
    stats.filesSealed = 72
    stats.sealedBytes = 900_000_000 + index * 1013
    stats.openFileBytes = 8_000_000 + index
    for (const bound of latencyBoundsMillis) stats.latency.observe(bound - 0.123, 1_000_003 + index)
  }
  telemetry.process.phase = "recording"
}

/** The longest time in which nothing else could run, in milliseconds, until `work` is done. */
const longestBlock = async (work: () => Promise<unknown>): Promise<number> => {
  let longest = 0
  let last = performance.now()
  let running = true
  const look = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    if (running) setImmediate(look)
  }
  setImmediate(look)
  await work()
  running = false
  look()
  return longest
}

const median = (values: ReadonlyArray<number>) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

const measure = Effect.fnUntraced(function*(count: number) {
  const context = yield* Layer.build(
    HttpServer.layer({ host: "127.0.0.1", port: 0, version: "bench" }).pipe(
      Layer.provide(Monitor.layer({ maxFileAgeMillis: 3_600_000 })),
      Layer.provide(DiskSpace.layer([{ name: "data", path: "." }])),
      Layer.provideMerge(Telemetry.layer)
    )
  )
  const { endpoint, telemetry } = yield* Effect.all({ endpoint: HttpServer.Endpoint, telemetry: Telemetry }).pipe(
    Effect.provideContext(context)
  )
  fill(telemetry, count)
  for (const [format, accept] of Object.entries(scrapers)) {
    const took: Array<number> = []
    const blocked: Array<number> = []
    let bytes = 0
    let series = 0
    for (let round = 0; round < rounds; round++) {
      yield* Effect.promise(async () => {
        const startedAt = performance.now()
        blocked.push(
          await longestBlock(async () => {
            const body = Buffer.from(
              await (await fetch(`${endpoint.url}/metrics`, { headers: { accept } })).arrayBuffer()
            )
            bytes = body.length
            took.push(performance.now() - startedAt)
            series = body.toString().split("\n").filter((line) => line !== "" && !line.startsWith("#")).length
          })
        )
      })
    }
    console.log(
      `| ${count} | ${format} | ${series} | ${(bytes / 1024).toFixed(0)} KiB | ${took[0]?.toFixed(0)} ms | ${
        median(took).toFixed(1)
      } ms | ${median(blocked).toFixed(1)} ms |`
    )
  }
}, Effect.scoped)

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10, 1000]
console.log("| feeds | format | series | size | first scrape | scrape, median | longest block, median |")
console.log("| --- | --- | --- | --- | --- | --- | --- |")
await Effect.runPromise(
  Effect.forEach(counts, (count) => Effect.provide(measure(count), Layer.empty, { local: true }), { discard: true })
    .pipe(
      Effect.provide([NodeServices.layer, Logging.layerConsole("None")])
    )
)
process.exit(0)
