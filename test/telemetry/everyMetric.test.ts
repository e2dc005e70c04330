import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, FileSystem, Layer, Queue, Schedule } from "effect"
import type { WebSocket } from "ws"
import type { Row } from "../../src/domain/Event.ts"
import { reloading } from "../../src/cli/run/reloading.ts"
import * as Feed from "../../src/domain/Feed.ts"
import { events, type Exchange, type Keepalive } from "../../src/exchanges/Exchange.ts"
import { ConnectLimiter } from "../../src/feeds/ConnectLimiter.ts"
import { PastTrades } from "../../src/feeds/PastTrades.ts"
import * as OutageLog from "../../src/feeds/OutageLog.ts"
import { destination, record } from "../feeds/destination.ts"
import { Tokens } from "../../src/feeds/Tokens.ts"
import { Journal } from "../../src/sinks/Journal.ts"
import * as Recovery from "../../src/sinks/Recovery.ts"
import { Sinks } from "../../src/sinks/Sink.ts"
import * as ParquetSinks from "../../src/sinks/Sinks.ts"
import { metrics } from "../../src/telemetry/Metrics.ts"
import { Telemetry } from "../../src/telemetry/Telemetry.ts"
import * as UnparsedFrames from "../../src/telemetry/UnparsedFrames.ts"
import { environment, world } from "../endToEnd/harness.ts"
import { exchangeAt, serve } from "../feeds/numberVenue.ts"
import * as faultyFileSystem from "../sinks/faultyFileSystem.ts"
import { until } from "../until.ts"
import * as s3StandIn from "../upload/s3StandIn.ts"
import { parse } from "./exposition.ts"
import { MetricHistory } from "./MetricHistory.ts"
import { quietRegistry } from "./quietRegistry.ts"

type Name = keyof typeof metrics

/** Scrapes until all of `names` have been updated, each time after `provoke`. */
const scraping = (history: MetricHistory, process: string, scrape: Effect.Effect<string>) => {
  const look = Effect.map(scrape, (text) => history.add(process, parse(text)))
  return (names: ReadonlyArray<Name>, provoke: Effect.Effect<unknown> = Effect.void) =>
    Effect.andThen(provoke, look).pipe(
      Effect.repeat({
        schedule: Schedule.spaced("5 millis"),
        until: () => names.every((name) => history.isUpdated(name))
      }),
      Effect.timeoutOrElse({
        duration: "40 seconds",
        orElse: () =>
          Effect.die(new Error(`not updated: ${names.filter((name) => !history.isUpdated(name)).join(", ")}`))
      })
    )
}

/** A recorder whose venues, store and stop go wrong. */
const wholeRecorder = Effect.fnUntraced(function*(history: MetricHistory) {
  const store = yield* s3StandIn.make({ buckets: [] })
  store.fail("PutObject", { kind: "status", status: 503, code: "SlowDown" }, Infinity)
  const { config, context, shutDown, simulator: { faults }, url } = yield* world({
    venues: ["okx", "bybit"],
    simulator: { rate: 100 },
    storage: { mode: "s3", server: store },
    maxFileAgeSecs: 0.3,
    messageTimeoutSecs: 0.3,
    uploadSecs: 1,
    uploadAttempts: 2,
    shard: { index: 1, count: 2 },
    uploadQueueCapacity: 1
  })
  const see = scraping(
    history,
    "recorder",
    Effect.promise(() => fetch(`${url}/metrics`).then((response) => response.text()))
  )
  yield* see([
    "collector_frames_received_total",
    "collector_messages_received_total",
    "collector_last_message_timestamp_seconds",
    "collector_latency_exchange_to_collector_ms",
    "collector_parquet_rows_buffered",
    "collector_parquet_rows_written_total",
    "collector_parquet_files_rotated_total",
    "collector_parquet_bytes_sealed_total",
    "collector_journal_bytes",
    "collector_journal_written_bytes_total",
    "collector_commit_duration_seconds",
    "collector_receive_to_durable_seconds",
    "collector_disk_free_bytes",
    "collector_disk_size_bytes",
    "collector_start_timestamp_seconds",
    "collector_build_info",
    "collector_shard_index",
    "collector_shards",
    "collector_completeness_objective",
    "collector_completeness_covered_seconds",
    "collector_files_waiting",
    "collector_upload_queue_depth",
    "collector_upload_queue_dropped_total",
    "collector_s3_upload_errors_total",
    "collector_s3_upload_retries_total",
    "collector_s3_upload_failures_total"
  ])
  store.heal()
  yield* see([
    "collector_oldest_file_waiting_timestamp_seconds",
    "collector_s3_uploads_completed_total",
    "collector_s3_uploaded_bytes_total",
    "collector_s3_upload_duration_seconds"
  ])
  const asked = yield* Queue.sliding<void>(1)
  yield* Effect.forkScoped(Effect.provideContext(reloading(asked, { ...config, path: "no/such.toml" }), context))
  yield* see(["collector_config_reloads_total"], Queue.offer(asked, undefined))
  yield* faults.inject({ kind: "notice" })
  yield* see(["collector_venue_notices_total"])
  yield* see(["collector_sequence_duplicates_total"], faults.inject({ kind: "duplicate" }))
  yield* see([
    "collector_sequence_out_of_order_total",
    "collector_gap_events_recovered_total",
    "collector_gaps_total"
  ], faults.inject({ kind: "reorder" }))
  yield* see(["collector_sequence_resets_total"], faults.inject({ kind: "restart" }))
  yield* see([
    "collector_sequence_gaps_total",
    "collector_sequence_gap_size",
    "collector_sequence_missing",
    "collector_gap_events_missing",
    "collector_completeness_ratio",
    "collector_repair_requests_total"
  ], faults.inject({ kind: "gap" }))
  yield* see(
    ["collector_parse_errors_total", "collector_parse_circuit_breaks_total", "collector_health_reason"],
    Effect.replicateEffect(faults.inject({ kind: "garbage", form: "broken-json" }), 50)
  )
  yield* faults.reject()
  yield* see([
    "collector_subscriptions_rejected_total",
    "collector_websocket_reconnects_total",
    "collector_websocket_connected",
    "collector_feed_live",
    "collector_health_status",
    "collector_gap_seconds"
  ], faults.inject({ kind: "disconnect" }))
  yield* faults.lift
  yield* see(["collector_message_timeouts_total"], faults.inject({ kind: "stall" }))
  yield* faults.lift
  store.fail("PutObject", { kind: "treacle" }, Infinity)
  const stopping = yield* Effect.forkChild(shutDown)
  // What comes from the stop on is missing.
  yield* see(["collector_ready", "collector_gaps_open"])
  yield* Fiber.join(stopping)
}, Effect.provide(environment))

const feed = Feed.make("bybit", "BTCUSDT", "trade")

/** A venue that numbers its trades, has a clock before ours, and says on request what it should not. */
const oddVenue = (url: string, rule: Pick<Keepalive, "everyMillis" | "replyWithinMillis">): Exchange => {
  const venue = exchangeAt(url)
  return {
    ...venue,
    get keepalive() {
      return { ...venue.keepalive, ...rule }
    },
    parser: (subscriptions) => {
      const parse = venue.parser(subscriptions)
      return (frame) => {
        const text = frame.bytes.toString()
        if (text === "bug") throw new Error("a bug")
        if (text === "other") return { ...events([]), problems: [{ _tag: "Unrequested", subject: "ETHUSDT" }] }
        const parsed = parse(frame)
        const timestampExchange = frame.receivedAtMicros + 1_000_000
        return { ...parsed, events: parsed.events.map((event) => Object.assign(event, { timestampExchange })) }
      }
    }
  }
}

/** An event that a bug has left without its bytes. */
const withoutData = (event: Row): Row => Object.assign({ ...event }, { data: undefined })

/** A feed and its storage on a disk that fails, with a sink that is slow and has a bug; then what a crash of them leaves. */
const feedAndDisk = Effect.fnUntraced(
  function*(history: MetricHistory) {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped({ prefix: "ticklake-" })
    const dataDir = `${folder}/recording`
    const disk = faultyFileSystem.make()
    const context = yield* Layer.build(
      ParquetSinks.layer({ dataDir, rowGroupRows: 50, writeBeside: false, retryEvery: "5 millis" }).pipe(
        Layer.provideMerge(Journal.layer({ dataDir, commitEvery: "5 millis" })),
        Layer.provideMerge(Telemetry.layer),
        Layer.provide(Layer.fresh(faultyFileSystem.layer(disk)))
      )
    )
    const { sinks, telemetry } = yield* Effect.all({ sinks: Sinks, telemetry: Telemetry }).pipe(
      Effect.provideContext(context)
    )
    const registry = quietRegistry(telemetry)
    const see = scraping(history, "feed", Effect.promise(() => registry.write("text")))
    yield* see([])

    const peers: Array<WebSocket> = []
    const rule = { everyMillis: 20, replyWithinMillis: 10_000 }
    let mute = false
    const url = yield* serve((peer) => {
      if (mute) peer.pong = () => {}
      peers.push(peer)
    })
    const sink = yield* sinks.open(feed)
    const slow = yield* Deferred.make<void>()
    let buggy = false
    const stats = telemetry.stats(feed)
    yield* Effect.forkScoped(
      record(
        feed,
        destination((batch) =>
          Effect.andThen(
            Deferred.await(slow),
            Effect.suspend(() => sink.append(buggy ? batch.map(withoutData) : batch))
          )
        ),
        stats,
        {
          exchanges: [oddVenue(url, rule)],
          history: null,
          backoff: { initialSecs: 0.01, maxSecs: 0.05 },
          queueCapacity: 10,
          messageTimeoutSecs: 60,
          outage: OutageLog.make([feed]).of(feed)
        }
      ).pipe(Effect.provide(UnparsedFrames.layer({ dataDir: `${folder}/frames`, fileBytes: 1000 })))
    )
    yield* until(() => peers.length === 1)
    let sent = 0
    const say = (text: string) => Effect.sync(() => peers.at(-1)?.send(text))
    const trade = Effect.suspend(() => say(String(++sent)))

    yield* see(["collector_channel_queue_depth", "collector_messages_dropped_total"], trade)
    yield* Deferred.succeed(slow, undefined)
    yield* see([
      "collector_latency_negative_total",
      "collector_parquet_open_file_bytes",
      "collector_websocket_pings_sent_total",
      "collector_websocket_pongs_received_total"
    ], trade)

    yield* Effect.repeat(trade, { schedule: Schedule.spaced("1 millis"), until: () => stats.rowsWritten > 0 })

    // What a process leaves that ends here, with a file that is none of ours.
    const left = `${folder}/left`
    yield* fs.copy(dataDir, left)
    yield* fs.writeFileString(`${left}/.open/notes.txt`, "buy milk")
    yield* Recovery.recover({ dataDir: left }).pipe(Effect.provideService(Telemetry, telemetry))
    yield* see([
      "collector_recovered_rows_total",
      "collector_recovered_files_total",
      "collector_quarantined_total",
      "collector_quarantine_files"
    ])

    disk.roomBytes = 0
    yield* see([
      "collector_parquet_write_errors_total",
      "collector_journal_errors_total"
    ], trade)
    disk.roomBytes = Infinity
    const withoutJournal = Effect.ignore(fs.remove(`${dataDir}/.journal`, { recursive: true }))
    yield* see(
      ["collector_journal_rows_skipped_total"],
      Effect.andThen(trade, Effect.delay(withoutJournal, "20 millis"))
    )
    yield* say("other")
    yield* see(["collector_messages_unrequested_total"])
    yield* see(["collector_unparsed_frames_kept_total", "collector_unparsed_frames_dropped_total"], say("no number"))
    buggy = true
    yield* see(["collector_parquet_rows_lost_total"], trade)
    buggy = false
    mute = true
    rule.replyWithinMillis = 10
    yield* say("bug")
    yield* see(["collector_feed_defects_total"])
    yield* see(["collector_websocket_pongs_missed_total"], trade)

    // Two paths, of which the second one is behind, and brings nothing in the end.
    const twice = Feed.make("bybit", "ETHUSDT", "trade")
    const pairs: Array<WebSocket> = []
    const both = yield* serve((peer) => pairs.push(peer))
    let away = false
    const twiceStats = telemetry.stats(twice)
    yield* Effect.forkScoped(record(twice, destination(() => Effect.void), twiceStats, {
      history: null,
      exchanges: [exchangeAt(both), exchangeAt(both, { url: () => away ? "ws://127.0.0.1:1" : both })],
      backoff: { initialSecs: 0.01, maxSecs: 0.05 },
      queueCapacity: 10_000,
      messageTimeoutSecs: 60,
      outage: OutageLog.make([twice]).of(twice)
    }))
    yield* until(() => twiceStats.paths.length === 2 && twiceStats.paths.every(({ connected }) => connected))
    const toBoth = Effect.suspend(() => {
      const text = String(++sent)
      pairs[0]?.send(text)
      return Effect.delay(Effect.sync(() => pairs[1]?.send(text)), "5 millis")
    })
    yield* see(["collector_path_events_won_total", "collector_path_lag_seconds"], toBoth)
    away = true
    pairs[1]?.terminate()
    yield* see(["collector_path_connected"])
    const toOne = Effect.sync(() => {
      for (let i = 0; i < 500; i++) pairs[0]?.send(String(++sent))
    })
    yield* see(["collector_path_events_lost_total"], toOne)
  },
  Effect.provide(
    Layer.mergeAll(environment, NodeServices.layer, ConnectLimiter.layer, PastTrades.layer, Tokens.layerNone)
  )
)

describe("metrics", () => {
  it.live("each is updated by something that happens to a recorder", () =>
    Effect.gen(function*() {
      const history = new MetricHistory()
      yield* Effect.all([wholeRecorder(history), feedAndDisk(history)], { concurrency: "unbounded", discard: true })
      const names = Object.keys(metrics)
      assert.deepStrictEqual(names.filter((name) => !history.isUpdated(name)), [])
    }), 120_000)
})
