/** What the journal costs, and how fast recovery is: `node test/bench/journal.bench.ts [megabytes] [recovery]`. */
import { NodeServices } from "@effect/platform-node"
import { Effect, Exit, FileSystem, Layer, Logger, Scope } from "effect"
import { randomBytes } from "node:crypto"
import type { Event } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import { RowBuffer } from "../../src/sinks/RowBuffer.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"

const noise = (index: number) => (Math.imul(index, 2_654_435_761) >>> 0) / 2 ** 32

const tradeOf = (index: number): Event => {
  const price = (67_000 + noise(index) * 500).toFixed(2)
  const id = String(5_932_000_000 + index)
  const millis = 1_773_482_400_000 + index
  return {
    dataType: "trade",
    symbol: "BTCUSDT",
    sequenceId: id,
    timestampCollector: millis * 1000,
    timestampExchange: millis * 1000 - 3000,
    data: Buffer.from(
      `{"e":"trade","E":${millis},"s":"BTCUSDT","t":${id},"p":"${price}","q":"0.00100","T":${millis},"m":true,"M":true}`
    ),
    position: null,
    tradeId: id,
    price: Number(price),
    size: 0.001,
    side: "sell"
  }
}

const bookOf = (index: number): Event => {
  const level = (at: number) =>
    `["${(67_000 + noise(index * 40 + at) * 500).toFixed(2)}","${(noise(index + at) * 3).toFixed(5)}"]`
  const side = (from: number) => Array.from({ length: 20 }, (_, at) => level(from + at)).join()
  return {
    dataType: "orderbook",
    symbol: "BTCUSDT",
    sequenceId: String(index),
    timestampCollector: 1_773_482_400_000_000 + index * 100_000,
    timestampExchange: null,
    data: Buffer.from(`{"lastUpdateId":${index},"bids":[${side(0)}],"asks":[${side(20)}]}`),
    position: null,
    isSnapshot: true
  }
}

const say = (text: string) => process.stdout.write(`${text}\n`)
const quiet = Logger.layer([])

/** Writes `events` in batches, as a feed's queue hands them over, and answers microseconds of CPU and bytes a row. */
const record = Effect.fnUntraced(
  function*(feed: Feed.Feed, events: ReadonlyArray<Event>, batch: number, journaled: boolean) {
    const fs = yield* FileSystem.FileSystem
    const dataDir = yield* fs.makeTempDirectoryScoped()
    const journal = journaled ? Layer.orDie(Journal.layer({ dataDir, commitEvery: "100 millis" })) : Journal.layerNone
    const context = yield* Layer.build(
      ParquetSinks.layer({ dataDir, writeBeside: false }).pipe(
        Layer.provide(journal),
        Layer.provideMerge(Telemetry.layer)
      )
    )
    const { sinks, telemetry } = yield* Effect.all({ sinks: Sinks, telemetry: Telemetry }).pipe(
      Effect.provideContext(context)
    )
    const before = process.cpuUsage()
    yield* Effect.scoped(Effect.gen(function*() {
      const sink = yield* sinks.open(feed)
      for (let at = 0; at < events.length; at += batch) yield* sink.append(events.slice(at, at + batch))
    }))
    const { system, user } = process.cpuUsage(before)
    const { sealedBytes } = telemetry.stats(feed)
    return {
      micros: (user + system) / events.length,
      fileBytes: sealedBytes / events.length,
      journalBytes: telemetry.storage.journalBytesWritten / events.length
    }
  },
  Effect.scoped
)

const cost = Effect.gen(function*() {
  const sets = [["trade", tradeOf, 200_000], ["orderbook", bookOf, 40_000]] as const
  for (const [dataType, make, count] of sets) {
    const events = Array.from({ length: count }, (_, index) => make(index))
    for (const batch of [1, 20]) {
      const feed = Feed.make("binance", "BTC-USDT", dataType)
      const best = { with: Infinity, without: Infinity }
      let bytes = { fileBytes: 0, journalBytes: 0 }
      for (let run = 0; run < 4; run++) {
        const without = yield* record(feed, events, batch, false)
        const journaled = yield* record(feed, events, batch, true)
        best.without = Math.min(best.without, without.micros)
        best.with = Math.min(best.with, journaled.micros)
        bytes = journaled
      }
      say(
        `${dataType}, batches of ${batch}: ${best.without.toFixed(2)} µs of CPU a row without a journal, ` +
          `${best.with.toFixed(2)} with (x ${(best.with / best.without).toFixed(2)}); ` +
          `bytes a row: file ${bytes.fileBytes.toFixed(0)}, journal ${bytes.journalBytes.toFixed(0)}`
      )
    }
  }
})

/** Leaves `megabytes` behind, half of them in open files and half in the journal, and measures recovery. */
const recovery = Effect.fnUntraced(function*(megabytes: number) {
  const fs = yield* FileSystem.FileSystem
  const dataDir = yield* fs.makeTempDirectoryScoped()
  const scope = yield* Scope.make()
  const half = megabytes * 512 * 1024
  const context = yield* Layer.buildWithScope(
    Journal.layer({ dataDir, commitEvery: "1 hour", commitBytes: 256 * 1024 * 1024 }).pipe(
      Layer.provideMerge(Telemetry.layer)
    ),
    scope
  )
  const { journal, telemetry } = yield* Effect.all({ journal: Journal, telemetry: Telemetry }).pipe(
    Effect.provideContext(context)
  )
  // Open files grow under a journal that keeps nothing, and the journal under no sink.
  const open = yield* Layer.buildWithScope(
    ParquetSinks.layer({ dataDir, writeBeside: false, maxFileAge: "1 day", maxFileBytes: 2 ** 40 }).pipe(
      Layer.provide(Journal.layerNone),
      Layer.provide(Layer.succeedContext(context))
    ),
    scope
  )
  const sinks = yield* Effect.provideContext(Sinks, open)
  const bookFeed = Feed.make("binance", "BTC-USDT", "orderbook")
  const sink = yield* Scope.provide(sinks.open(bookFeed), scope)
  const books = Array.from({ length: 500 }, (_, index) => ({ ...bookOf(index), data: randomBytes(4096) }))
  while (telemetry.stats(bookFeed).openFileBytes < half) yield* sink.append(books)
  const tradeFeed = Feed.make("okx", "ETH-USDT", "trade")
  const streams = Array.from({ length: 20 }, () => journal.open(tradeFeed))
  const events = Array.from({ length: 20_000 }, (_, index) => tradeOf(index))
  for (let round = 0; telemetry.storage.journalBytes < half; round++) {
    for (let at = 0; at < events.length; at += 20) {
      const rows = new RowBuffer(tradeFeed)
      for (const event of events.slice(at, at + 20)) rows.append(event)
      rows.firstSeq = 1 + round * 1000 + Math.floor(at / 400) * 20
      rows.lastSeq = rows.firstSeq + 19
      streams[(at / 20) % 20]!.append(rows, 20, rows.firstMicros)
    }
    yield* streams[0]!.commit
  }
  const { journalBytes } = telemetry.storage
  const { openFileBytes } = telemetry.stats(bookFeed)
  const copy = `${dataDir}-killed`
  yield* fs.copy(dataDir, copy)
  yield* Scope.close(scope, Exit.void)
  const startedAt = performance.now()
  const before = process.cpuUsage()
  const recovered = yield* Effect.gen(function*() {
    yield* Recovery.recover({ dataDir: copy })
    return (yield* Telemetry).storage
  }).pipe(Effect.provide(Telemetry.layer, { local: true }))
  const seconds = (performance.now() - startedAt) / 1000
  const { system, user } = process.cpuUsage(before)
  const megabytesLeft = (journalBytes + openFileBytes) / 1024 / 1024
  say(
    `recovery: ${megabytesLeft.toFixed(0)} MiB (${(journalBytes / 1024 / 1024).toFixed(0)} of journal) in ` +
      `${seconds.toFixed(1)} s, ${(megabytesLeft / seconds).toFixed(0)} MiB/s, CPU ${
        ((user + system) / 1e6).toFixed(1)
      } s; ` +
      `${recovered.rowsRecovered} rows from the journal; peak memory ${
        (process.resourceUsage().maxRSS / 1024).toFixed(0)
      } MiB`
  )
  yield* fs.remove(copy, { recursive: true })
}, Effect.scoped)

const megabytes = Number(process.argv[2] ?? 1024)
await Effect.runPromise(
  Effect.andThen(process.argv[3] === "recovery" ? Effect.void : cost, recovery(megabytes)).pipe(
    Effect.provide([NodeServices.layer, quiet])
  )
)
