import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, FileSystem, Layer, Logger, References, Scope } from "effect"
import type { WebSocket } from "ws"
import type { ContinuityRule } from "../../src/domain/ContinuityRule.ts"
import type { Event } from "../../src/domain/Event.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { events, type Exchange } from "../../src/exchanges/Exchange.ts"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import { PastTrades } from "../../src/feeds/PastTrades.ts"
import * as Supervisor from "../../src/feeds/Supervisor.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import * as faultyFileSystem from "../sinks/faultyFileSystem.ts"
import { hyparquetRows, type Row } from "../sinks/readers.ts"
import { until } from "../until.ts"
import { exchangeAt, serve } from "./numberVenue.ts"

const rowGroupRows = 5

interface Kind {
  readonly dataType: Feed.DataType
  readonly rule: ContinuityRule
  /** Which frames are complete books. */
  readonly isSnapshot: (id: number) => boolean
}

/** A venue whose frames are numbers, one event each; `received` hears when each was. */
const venueAt = (url: string, { dataType, isSnapshot, rule }: Kind, received: Map<string, number>): Exchange => {
  const venue = exchangeAt(url)
  return {
    ...venue,
    channels: { ...venue.channels, [dataType]: { ...venue.channels[dataType], continuity: rule } },
    parser: () => {
      // A subscription begins with a complete book.
      let begun = false
      return ({ bytes, receivedAtMicros }) => {
        const id = Number(bytes.toString())
        received.set(String(id), receivedAtMicros)
        const fields = {
          symbol: "BTCUSDT",
          sequenceId: String(id),
          timestampCollector: receivedAtMicros,
          timestampExchange: receivedAtMicros,
          data: bytes,
          position: rule === "none" ? null : { first: id, last: id, previous: null }
        }
        const event: Event = dataType === "trade"
          ? { ...fields, dataType, tradeId: fields.sequenceId, price: 1, size: 1, side: "buy" }
          : { ...fields, dataType, isSnapshot: !begun || isSnapshot(id) }
        begun = true
        return events([event])
      }
    }
  }
}

/** Records a feed of that kind on a disk that is full twice, for 150 events; answers what the files have, and what was logged. */
const recordOnFullDisk = Effect.fnUntraced(function*(kind: Kind) {
  const fs = yield* FileSystem.FileSystem
  const dataDir = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
  const feed = Feed.make("bybit", "BTCUSDT", kind.dataType)
  const faults = faultyFileSystem.make()
  const received = new Map<string, number>()
  const lines: Array<string> = []
  const logger = Logger.layer([Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${String(message)}`)
  })])
  const peers: Array<WebSocket> = []
  let sent = 1000
  const url = yield* serve((peer) => {
    peers.push(peer)
    peer.send(String(++sent))
  })
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(
    Supervisor.layer({
      plans: [{
        feed,
        exchanges: [venueAt(url, kind, received)],
        history: null,
        completenessObjective: 0.999,
        signature: "",
        messageTimeoutSecs: 60
      }],
      backoff: { initialSecs: 0.01, maxSecs: 0.05 },
      queueCapacity: 1000,
      dataDir,
      feedsLimit: "10 seconds",
      sinksLimit: "10 seconds"
    }).pipe(
      Layer.provide([
        ParquetSinks.layer({
          dataDir,
          rowGroupRows,
          rowGroupBytes: 3000,
          checkEvery: "20 millis",
          retryEvery: "5 millis"
        }).pipe(Layer.provide(Journal.layerNone), Layer.provide(Layer.fresh(faultyFileSystem.layer(faults)))),
        ConnectLimiter.layer,
        PastTrades.layer,
        Tokens.layerNone
      ]),
      Layer.provideMerge(Layer.fresh(Telemetry.layer)),
      Layer.provide(NodeServices.layer)
    ),
    scope
  ).pipe(Effect.provide(logger), Effect.provideService(References.MinimumLogLevel, "Info"))
  const stats = Context.get(context, Telemetry).stats(feed)
  /** Each goes its way before the next one comes, also over the connection that takes the place of one that ends. */
  const send = Effect.fnUntraced(function*(count: number) {
    for (let at = 0; at < count; at++) {
      const before = stats.events
      const peer = peers.at(-1)
      peer?.send(String(++sent))
      yield* until(() => (stats.events > before && stats.eventsQueued === 0) || peers.at(-1) !== peer)
    }
  })
  yield* until(() => stats.events === 1)
  yield* send(19)
  yield* until(() => stats.rowsWritten > 0)
  for (let time = 1; time <= 2; time++) {
    const { rowsLost } = stats
    faults.roomBytes = 0
    yield* send(150)
    assert.isAbove(stats.rowsLost, rowsLost + 100)
    faults.roomBytes = Infinity
    yield* until(() => stats.rowsBuffered < rowGroupRows)
    yield* send(20)
  }
  yield* Scope.close(scope, Exit.void)
  const read = Effect.fnUntraced(function*(folder: string) {
    const names = (yield* fs.readDirectory(folder, { recursive: true })).filter((name) => name.endsWith(".parquet"))
    return (yield* Effect.promise(() => Promise.all(names.map((name) => hyparquetRows(`${folder}/${name}`))))).flat()
  })
  const rows = yield* read(`${dataDir}/bybit/btcusdt/${kind.dataType}`)
  const standing = new Map<Row[string], Row>()
  for (const row of yield* read(`${dataDir}/bybit/btcusdt/gap`)) {
    const known = standing.get(row.gap_id ?? null)
    if (known === undefined || Number(known.revision) < Number(row.revision)) standing.set(row.gap_id ?? null, row)
  }
  const gaps = [...standing.values()].filter(({ cause }) => cause === "disk")
  const kept = new Set(rows.map((row) => String(row.exchange_sequence_id)))
  const lost = [...received.keys()].filter((id) => !kept.has(id))
  assert.strictEqual(lost.length, stats.rowsLost)
  return { rows, gaps, lost, received, lines }
})

const micros = (row: Row, key: string): number => Number(row[key])

describe("a disk that is full", () => {
  const kinds: ReadonlyArray<readonly [what: string, kind: Kind]> = [
    ["trades that are counted", { dataType: "trade", rule: "consecutive", isSnapshot: () => false }],
    ["trades that nobody counts", { dataType: "trade", rule: "none", isSnapshot: () => false }],
    ["complete books", { dataType: "orderbook", rule: "none", isSnapshot: () => true }],
    ["changes to a book that begins anew at times", {
      dataType: "orderbook",
      rule: "stepping",
      isSnapshot: (id) => id % 3 === 0
    }],
    ["changes to a book that are not numbered", {
      dataType: "orderbook",
      rule: "none",
      isSnapshot: (id) => id % 3 === 0
    }]
  ]
  for (const [what, kind] of kinds) {
    it.live(`makes one gap each time of what it loses of ${what}`, () =>
      Effect.gen(function*() {
        const { gaps, lost, received, rows } = yield* recordOnFullDisk(kind)
        assert.strictEqual(gaps.length, 2)
        const told: Array<string> = []
        for (const gap of gaps) {
          const [opened, closed] = [micros(gap, "opened"), micros(gap, "closed")]
          const isWithin = (at: number) => opened <= at && at <= closed
          const lostHere = lost.filter((id) => isWithin(received.get(id)!))
          told.push(...lostHere)
          assert.strictEqual(gap.status, "missing")
          // Unknown where the book was asked for anew meanwhile.
          assert.include([BigInt(lostHere.length), kind.rule === "stepping" ? null : -1], gap.missing)
          if (kind.rule === "consecutive") {
            assert.deepInclude(gap, { first_missing_id: lostHere[0], last_missing_id: lostHere.at(-1) })
          }
          const keptHere = rows.filter((row) => {
            const at = micros(row, "timestamp_collector")
            // A book that ends it is there. What is kept before, of a broken book, is of no use.
            return isWithin(at) && at !== closed && row.is_snapshot !== false
          })
          assert.deepStrictEqual(keptHere, [])
        }
        assert.deepStrictEqual(told.toSorted(), lost.toSorted())
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
  }

  it.live("is what is said to have lost changes to a book, not the venue", () =>
    Effect.gen(function*() {
      const kind: Kind = { dataType: "orderbook", rule: "stepping", isSnapshot: () => false }
      const { lines } = yield* recordOnFullDisk(kind)
      assert.deepStrictEqual(lines.filter((line) => line.includes("by the venue's numbers")), [])
      assert.isTrue(lines.some((line) => line.includes("the book is asked for anew")), lines.join("\n"))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
