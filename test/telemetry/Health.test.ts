import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import * as Feed from "../../src/domain/Feed.ts"
import type { Space } from "../../src/telemetry/DiskSpace.ts"
import { FeedHistory } from "../../src/telemetry/FeedHistory.ts"
import {
  assess,
  type Evidence,
  lowDiskBytes,
  type ReasonCode,
  silenceMillis,
  type Status
} from "../../src/telemetry/Health.ts"
import { type FeedStats, Telemetry } from "../../src/telemetry/Telemetry.ts"

const hour = 3_600_000

/** A recorder of four feeds that is well, one second after the epoch of the test's clock began. */
const wellRecorder = Effect.gen(function*() {
  const telemetry = Context.get(yield* Layer.build(Layer.fresh(Telemetry.layer)), Telemetry)
  const feeds = ["btcusdt", "ethusdt"].flatMap((symbol) =>
    (["orderbook", "trade"] as const).map((dataType) => telemetry.stats(Feed.make("binance", symbol, dataType)))
  )
  const histories = new Map(feeds.map((stats) => [stats, new FeedHistory(stats)]))
  for (const stats of feeds) {
    stats.state = "live"
    stats.connected = true
    stats.lastEventAt = hour - 500
  }
  telemetry.process.phase = "recording"
  const disks: Array<Space> = [{ name: "data", path: "/data", freeBytes: lowDiskBytes, totalBytes: 10 * lowDiskBytes }]
  const evidence: Evidence = {
    telemetry,
    history: (stats) => histories.get(stats) ?? assert.fail("an unknown feed"),
    disks,
    maxFileAgeMillis: hour,
    nowMillis: hour
  }
  const secondPasses = () => histories.forEach((history) => history.sample())
  return { telemetry, feeds, disks, evidence, secondPasses }
})
type Recorder = Effect.Success<typeof wellRecorder>

const each = (feeds: ReadonlyArray<FeedStats>, change: (stats: FeedStats) => void) => feeds.forEach(change)

/** What happens, and what is then said of the recorder. */
const troubles: ReadonlyArray<
  readonly [what: string, happens: (recorder: Recorder) => void, Status, ReadonlyArray<ReasonCode>, RegExp]
> = [
  [
    "the start",
    ({ telemetry }) => {
      telemetry.process.phase = "starting"
    },
    "degraded",
    ["starting"],
    /is starting/
  ],
  [
    "recovery",
    ({ telemetry }) => {
      telemetry.process.phase = "recovering"
    },
    "degraded",
    ["starting"],
    /nothing is recorded yet/
  ],
  [
    "the stop",
    ({ telemetry }) => {
      telemetry.process.phase = "stopping"
    },
    "degraded",
    ["stopping"],
    /is stopping/
  ],
  [
    "one feed that waits",
    ({ feeds }) => {
      feeds[0]!.connected = false
    },
    "degraded",
    ["partial_connections"],
    /1 of 4 feeds are not connected/
  ],
  [
    "all feeds reconnecting for a moment",
    ({ feeds }) =>
      each(feeds, (stats) => {
        stats.connected = false
      }),
    "degraded",
    ["partial_connections"],
    /4 of 4/
  ],
  [
    "all feeds gone",
    ({ feeds }) =>
      each(feeds, (stats) => {
        stats.connected = false
        stats.lastEventAt = hour - silenceMillis
      }),
    "unhealthy",
    ["no_connections"],
    /the last event came 30 s ago/
  ],
  [
    "a quiet feed",
    ({ feeds }) => {
      feeds[1]!.state = "stale"
    },
    "degraded",
    ["stale_feed"],
    /1 feed had no market data/
  ],
  [
    "a refused symbol",
    ({ feeds }) => {
      feeds[1]!.state = "rejected"
      feeds[1]!.connected = false
    },
    "degraded",
    ["partial_connections", "rejected_subscription"],
    /1 subscription rejected/
  ],
  [
    "drops",
    ({ feeds }) => {
      feeds[2]!.dropped += 7
    },
    "degraded",
    ["backpressure"],
    /7 events dropped/
  ],
  [
    "unreadable frames",
    ({ feeds }) => {
      feeds[2]!.parseErrors += 1
    },
    "degraded",
    ["parse_errors"],
    /1 frame could not/
  ],
  [
    "a file that cannot be written",
    ({ feeds }) => {
      feeds[2]!.writeErrors += 1
    },
    "degraded",
    ["write_errors"],
    /files could not be written/
  ],
  [
    "a journal that cannot be written",
    ({ telemetry }) => {
      telemetry.storage.problem = "no space left"
    },
    "degraded",
    ["write_errors"],
    /no space left/
  ],
  [
    "rows lost to the disk",
    ({ feeds }) => {
      feeds[2]!.writeErrors += 1
      feeds[2]!.rowsLost += 3
    },
    "unhealthy",
    ["rows_lost", "write_errors"],
    /3 rows could not be written/
  ],
  [
    "a disk that fills",
    ({ disks }) => {
      disks[0]!.freeBytes = lowDiskBytes - 1
    },
    "degraded",
    ["disk_low"],
    /1\.00 GiB are free for data in \/data/
  ],
  [
    "a store that refuses",
    ({ telemetry }) => {
      telemetry.uploads.problem = "403"
    },
    "degraded",
    ["uploads_behind"],
    /not stored: 403/
  ],
  [
    "a file that waits too long",
    ({ telemetry }) => {
      telemetry.uploads.oldestWaitingMillis = -16 * 60_000
      telemetry.uploads.filesOnDisk = 5
    },
    "degraded",
    ["uploads_behind"],
    /5 sealed files wait/
  ]
]

describe("Health", () => {
  it.effect("is healthy while every feed delivers, and says so in numbers", () =>
    Effect.gen(function*() {
      const { evidence, feeds, secondPasses } = yield* wellRecorder
      feeds[0]!.events = 40
      secondPasses()
      const { feeds: [first], ...health } = assess(evidence)
      assert.deepStrictEqual(health, {
        status: "healthy",
        phase: "recording",
        uptime_seconds: 3600,
        connections: { up: 4, total: 4 },
        messages_dropped: 0,
        degraded_reason: null,
        reasons: []
      })
      assert.deepStrictEqual(first, {
        exchange: "binance",
        symbol: "btcusdt",
        data_type: "orderbook",
        state: "live",
        state_since: "1970-01-01T00:00:00.000Z",
        reason: null,
        last_event_age_seconds: 0.5,
        events_per_second: 40,
        latency_ms: null,
        messages_dropped: 0,
        reconnects: 0,
        next_retry_in_seconds: null
      })
    }))

  for (const [what, happens, status, codes, words] of troubles) {
    it.effect(`${what}: ${status}`, () =>
      Effect.gen(function*() {
        const recorder = yield* wellRecorder
        happens(recorder)
        recorder.secondPasses()
        const health = assess(recorder.evidence)
        assert.strictEqual(health.status, status)
        assert.deepStrictEqual(health.reasons.map(({ code }) => code), codes)
        assert.match(health.degraded_reason ?? "", words)
      }))
  }

  it.effect("forgets after a minute what has passed", () =>
    Effect.gen(function*() {
      const { evidence, feeds, secondPasses } = yield* wellRecorder
      feeds[0]!.dropped += 1
      secondPasses()
      for (let second = 0; second < 59; second++) secondPasses()
      assert.strictEqual(assess(evidence).status, "degraded")
      secondPasses()
      assert.strictEqual(assess(evidence).status, "healthy")
      assert.strictEqual(assess(evidence).messages_dropped, 1)
    }))
})
