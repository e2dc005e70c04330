import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import * as Feed from "../../src/domain/Feed.ts"
import * as Series from "../../src/domain/Series.ts"
import { monotonicMillis } from "../../src/runtime/monotonic.ts"
import type { Space } from "../../src/telemetry/DiskSpace.ts"
import { FeedHistory } from "../../src/telemetry/FeedHistory.ts"
import {
  assess,
  type Evidence,
  lowDiskBytes,
  type ReasonCode,
  silenceMillis,
  slowDiskMillis,
  startMillis,
  type Status,
  stuckDiskMillis
} from "../../src/telemetry/Health.ts"
import { type FeedStats, Telemetry } from "../../src/telemetry/Telemetry.ts"
import { WriteHistory } from "../../src/telemetry/WriteHistory.ts"

const hour = 3_600_000
const silentSeconds = silenceMillis / 1000

/** A recorder of four feeds that is well, a minute after its start. */
const wellRecorder = Effect.gen(function*() {
  const telemetry = Context.get(yield* Layer.build(Layer.fresh(Telemetry.layer)), Telemetry)
  const feeds = ["btcusdt", "ethusdt"].flatMap((symbol) =>
    (["orderbook", "trade"] as const).map((dataType) => telemetry.stats(Feed.make("binance", symbol, dataType)))
  )
  yield* TestClock.adjust("1 minute")
  const histories = new Map(feeds.map((stats) => [stats, new FeedHistory(stats, 60_000)]))
  const writes = new WriteHistory(telemetry.allSinksSinceStart)
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
    writes,
    disks,
    maxFileAgeMillis: hour,
    nowMillis: hour
  }
  const secondPasses = Effect.gen(function*() {
    yield* TestClock.adjust("1 second")
    const now = monotonicMillis(yield* Clock.Clock)
    histories.forEach((history) => history.sample(now))
    writes.sample()
  })
  const passes = (seconds: number) => Effect.replicateEffect(secondPasses, seconds, { discard: true })
  /** A write begins, and does not end. */
  const waitForDisk = Effect.asVoid(
    Effect.forkDetach(telemetry.storage.disk.during(Effect.never), { startImmediately: true })
  )
  return { telemetry, feeds, disks, evidence, passes, waitForDisk }
})
type Recorder = Effect.Success<typeof wellRecorder>

const each = (feeds: ReadonlyArray<FeedStats>, change: (stats: FeedStats) => void) => feeds.forEach(change)

/** What happens, and what is then said of the recorder. */
const troubles: ReadonlyArray<
  readonly [
    what: string,
    happens: (recorder: Recorder) => Effect.Effect<void> | void,
    Status,
    ReadonlyArray<ReasonCode>,
    RegExp
  ]
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
    /nothing is recorded yet$/
  ],
  [
    "a start that does not come to its end",
    ({ passes, telemetry }) => {
      telemetry.process.phase = "recovering"
      return passes(startMillis / 1000)
    },
    "unhealthy",
    ["starting", "not_ready"],
    /nothing is recorded yet, 66\d s after/
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
    "no more than a reconnect after the last event",
    ({ feeds, passes }) => {
      each(feeds, (stats) => {
        stats.connected = false
        stats.state = "waiting"
      })
      feeds[0]!.events++
      return passes(silentSeconds - 1)
    },
    "degraded",
    ["partial_connections"],
    /4 of 4/
  ],
  [
    "all feeds gone",
    ({ feeds, passes }) => {
      each(feeds, (stats) => {
        stats.connected = false
        stats.state = "waiting"
      })
      return passes(silentSeconds)
    },
    "unhealthy",
    ["no_connections"],
    /no feed delivers \(0 of 4 feeds are connected\), and no event came for 30 s or more/
  ],
  [
    "all feeds connected and silent",
    ({ feeds, passes }) => {
      each(feeds, (stats) => {
        stats.state = "stale"
      })
      return passes(silentSeconds)
    },
    "unhealthy",
    ["no_connections", "stale_feed"],
    /no feed delivers \(4 of 4 feeds are connected\)/
  ],
  [
    "all feeds gone, and the clock was set back by an hour",
    ({ evidence, feeds, passes }) => {
      each(feeds, (stats) => {
        stats.connected = false
        stats.state = "waiting"
      })
      Object.assign(evidence, { nowMillis: 0 })
      return passes(silentSeconds)
    },
    "unhealthy",
    ["no_connections"],
    /no event came for 30 s or more/
  ],
  [
    "the first seconds of recording after a long recovery",
    ({ feeds, passes, telemetry }) =>
      Effect.gen(function*() {
        each(feeds, (stats) => {
          stats.connected = false
          stats.state = "connecting"
        })
        telemetry.process.phase = "recovering"
        yield* passes(2 * silentSeconds)
        telemetry.process.phase = "recording"
        yield* passes(silentSeconds - 2)
      }),
    "degraded",
    ["partial_connections"],
    /4 of 4/
  ],
  [
    "feeds that trade little but are live",
    ({ feeds, passes }) => {
      feeds[0]!.state = "stale"
      return passes(2 * silentSeconds)
    },
    "degraded",
    ["stale_feed"],
    /no market data from 1 feed for longer/
  ],
  [
    "a quiet feed",
    ({ feeds }) => {
      feeds[1]!.state = "stale"
    },
    "degraded",
    ["stale_feed"],
    /no market data from 1 feed for longer/
  ],
  [
    "a feed that connects anew after each silence and never delivers",
    ({ feeds }) => {
      feeds[1]!.state = "subscribing"
      feeds[1]!.reason = "no market data for 60 s"
    },
    "degraded",
    ["stale_feed"],
    /no market data from 1 feed .* or since the last trouble/
  ],
  [
    "a feed that connects for the first time",
    ({ feeds }) => {
      feeds[1]!.state = "subscribing"
    },
    "healthy",
    [],
    /^$/
  ],
  [
    "a feed that delivers, and had another connection that did not",
    ({ feeds }) => {
      feeds[1]!.reason = "a bug ended the session"
    },
    "healthy",
    [],
    /^$/
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
      feeds[0]!.events += 1
      feeds[2]!.events += 7
      feeds[2]!.dropped += 7
    },
    "degraded",
    ["backpressure"],
    /7 events dropped/
  ],
  [
    "drops of everything that came",
    ({ feeds }) =>
      each(feeds, (stats) => {
        stats.events += 7
        stats.dropped += 7
      }),
    "unhealthy",
    ["nothing_kept", "backpressure"],
    /everything that came within the last minute found no room; 28 events dropped/
  ],
  [
    "a disk that has not answered for less than half a minute",
    ({ passes, waitForDisk }) => Effect.andThen(waitForDisk, passes(slowDiskMillis / 1000 - 2)),
    "healthy",
    [],
    /^$/
  ],
  [
    "a disk that has not answered for half a minute",
    ({ passes, waitForDisk }) => Effect.andThen(waitForDisk, passes(slowDiskMillis / 1000)),
    "degraded",
    ["write_errors"],
    /the disk has not answered for 31 s/
  ],
  [
    "a disk that has not answered for a minute",
    ({ passes, waitForDisk }) => Effect.andThen(waitForDisk, passes(stuckDiskMillis / 1000)),
    "unhealthy",
    ["disk_stuck", "write_errors"],
    /what has come for 61 s may be in memory alone; the disk has not answered for 61 s/
  ],
  [
    "a disk that answered in the end",
    ({ passes, telemetry }) =>
      Effect.andThen(telemetry.storage.disk.during(passes(2 * stuckDiskMillis / 1000)), passes(1)),
    "healthy",
    [],
    /^$/
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
    "statements of gaps lost to the disk",
    ({ telemetry }) => {
      const gaps = telemetry.sinkStats(Series.make("binance", "btcusdt", "gap"))
      gaps.writeErrors += 1
      gaps.rowsLost += 3
    },
    "unhealthy",
    ["rows_lost", "write_errors"],
    /3 rows could not be written .*; files could not be written/
  ],
  [
    "rows that a feed lost before a reload took it away",
    ({ feeds, telemetry }) => {
      feeds[2]!.rowsLost += 3
      telemetry.remove(feeds[2]!.feed)
    },
    "unhealthy",
    ["rows_lost"],
    /3 rows could not be written/
  ],
  [
    "a disk that fills",
    ({ disks }) => {
      disks[0]!.freeBytes = lowDiskBytes / 2
    },
    "degraded",
    ["disk_low"],
    /512\.0 MiB are free for data in \/data/
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
  it.effect("is degraded, and no reason to start the process anew, where a shard has no feeds for a day", () =>
    Effect.gen(function*() {
      const telemetry = Context.get(yield* Layer.build(Layer.fresh(Telemetry.layer)), Telemetry)
      const { evidence } = yield* wellRecorder
      telemetry.process.phase = "recording"
      telemetry.process.shard = { index: 3, count: 4 }
      yield* TestClock.adjust("1 day")
      const { reasons, shard, status } = assess({ ...evidence, telemetry })
      assert.strictEqual(status, "degraded")
      assert.deepStrictEqual(shard, { index: 3, count: 4 })
      assert.deepStrictEqual(reasons.map(({ code }) => code), ["no_feeds"])
      assert.match(reasons[0]?.text ?? "", /shard 3 of 4 \(0 to 3\)/)
    }))

  it.effect("is healthy while every feed delivers, and says so in numbers", () =>
    Effect.gen(function*() {
      const { evidence, feeds, passes } = yield* wellRecorder
      feeds[0]!.events = 40
      yield* passes(1)
      const { feeds: [first], ...health } = assess(evidence)
      assert.deepStrictEqual(health, {
        status: "healthy",
        phase: "recording",
        uptime_seconds: 61,
        shard: null,
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
        next_retry_in_seconds: null,
        completeness_ratio: null,
        completeness_covered_seconds: 0,
        gap_seconds: 0
      })
    }))

  for (const [what, happens, status, codes, words] of troubles) {
    it.effect(`${what}: ${status}`, () =>
      Effect.gen(function*() {
        const recorder = yield* wellRecorder
        yield* happens(recorder) ?? Effect.void
        yield* recorder.passes(1)
        const health = assess(recorder.evidence)
        assert.strictEqual(health.status, status)
        assert.deepStrictEqual(health.reasons.map(({ code }) => code), codes)
        assert.match(health.degraded_reason ?? "", words)
      }))
  }

  it.effect("forgets after a minute what has passed", () =>
    Effect.gen(function*() {
      const { evidence, feeds, passes } = yield* wellRecorder
      feeds[0]!.events += 2
      feeds[0]!.dropped += 1
      yield* passes(60)
      assert.strictEqual(assess(evidence).status, "degraded")
      yield* passes(1)
      assert.strictEqual(assess(evidence).status, "healthy")
      assert.strictEqual(assess(evidence).messages_dropped, 1)
    }))
})
