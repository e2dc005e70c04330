import { assert, it } from "@effect/vitest"
import { Effect, type Layer, Random, type Scope } from "effect"
import { surveyOf } from "../../src/cli/coverage/survey.ts"
import { localSource } from "../../src/cli/inspect/localSource.ts"
import type { Gap } from "../../src/domain/Gap.ts"
import type { FeedAudit } from "../../src/simulator/audit.ts"
import { isLastStop } from "../../src/completeness/isLastStop.ts"
import { until } from "../until.ts"
import { accountForTrades, latestGaps } from "./accounting.ts"
import { assertReplays, replay } from "./bookChain.ts"
import { environment, type World } from "./harness.ts"
import { readEvents, type RecordedEvent } from "./recordedEvents.ts"

/** What every scenario is run with, once each: `TICKLAKE_SEEDS` says how many. */
const seeds = Array.from({ length: Number(process.env["TICKLAKE_SEEDS"] ?? 1) }, (_, index) => `seed ${index + 1}`)

/** What came about in the scenarios of a file so far. */
export const figures = {
  scenarios: 0,
  trades: 0,
  recorded: 0,
  inGaps: 0,
  bookRows: 0,
  gaps: 0,
  repaired: 0,
  needless: 0
}

/** A test of the whole recorder, once for each seed. */
export const scenario = <E>(
  name: string,
  body: (seed: string) => Effect.Effect<void, E, Scope.Scope | Environment>,
  timeoutMillis = 120_000
) => {
  for (const seed of seeds) {
    it.live(
      seeds.length === 1 ? name : `${name} (${seed})`,
      () => body(seed).pipe(Random.withSeed(`${name}/${seed}`), Effect.provide(environment)),
      timeoutMillis
    )
  }
}

type Environment = Layer.Success<typeof environment>

/** What is in the files of a recorder. */
export interface Findings {
  readonly audits: ReadonlyArray<FeedAudit>
  readonly events: (feed: string) => ReadonlyArray<RecordedEvent>
  /** How the gaps of a feed stand, oldest first; those without anything missing are left out. */
  readonly gaps: (feed: string) => ReadonlyArray<Gap>
}

/** Every feed has delivered `count` events more than when this was called. */
export const deliver = ({ feeds }: Pick<World, "feeds">, count: number) =>
  Effect.suspend(() => {
    const before = new Map(feeds().map((stats) => [stats.feed.id, stats.events]))
    return until(() => feeds().every((stats) => stats.events >= (before.get(stats.feed.id) ?? 0) + count))
  })

/** Lets the markets stand still and be heard, stops the recorder, and holds its files against what happened. */
export const conclude = Effect.fnUntraced(function*(world: World) {
  const audits = yield* world.finish
  return { audits, ...(yield* judge(world)) } satisfies Findings
})

/** Holds the files of a recorder that was stopped against what happened. */
export const judge = Effect.fnUntraced(function*({ config, simulator }: World) {
  const folder = config.storage.localPath
  const all = yield* readEvents(folder)
  const gaps = yield* latestGaps(folder)
  const events = (feed: string) => all.filter((event) => event.feed === feed)
  const gapsOf = (feed: string) =>
    gaps.filter(({ gap, market }) => `${market}/${gap.dataType}` === feed && gap.status !== "dismissed")
      .map(({ gap }) => gap)
      .toSorted((a, b) => a.openedMicros - b.openedMicros || a.revision - b.revision)
  figures.scenarios++
  figures.gaps += gaps.length
  for (const feed of new Set(all.map((event) => event.feed))) {
    const replayed = replay(feed, events(feed), gapsOf(feed))
    if (replayed !== null) assertReplays(feed, replayed)
    if (feed.endsWith("/orderbook")) figures.bookRows += events(feed).length
    if (feed.endsWith("/trade")) assertTimes(feed, events(feed), gapsOf(feed))
  }
  for (const audit of yield* accountForTrades(simulator, folder)) {
    figures.trades += audit.generated
    figures.recorded += audit.recorded
    figures.inGaps += audit.inGaps
    figures.needless += audit.needlessGaps.length
  }
  figures.repaired += all.filter(({ origin }) => origin === "repair").length
  yield* assertCovered(folder, gapsOf, null)
  // Before the stop itself, which is an open gap of every feed.
  const ends = new Map(all.map(({ feed, receivedMicros }) => [feed, receivedMicros]))
  if (ends.size > 0) yield* assertCovered(folder, gapsOf, Math.min(...ends.values()))
  return { events, gaps: gapsOf }
}, Effect.orDie)

/** Nothing was received within a gap, and what stands at its ends was. */
const assertTimes = (feed: string, events: ReadonlyArray<RecordedEvent>, gaps: ReadonlyArray<Gap>) => {
  const live = events.filter(({ origin }) => origin === "live").map(({ receivedMicros }) => receivedMicros)
  const times = new Set(live)
  for (const gap of gaps) {
    const { cause, closedMicros, openedMicros } = gap
    assert.isTrue(closedMicros === null ? gap.status === "open" : closedMicros >= openedMicros, JSON.stringify(gap))
    if (closedMicros !== null && cause !== "disk" && cause !== "queue_overflow") {
      assert.isTrue(times.has(closedMicros), `${feed}: nothing was received at the end of ${JSON.stringify(gap)}`)
      // Interruptions say when nothing was received; what a hole in the ids lacks may come late.
      const inside = live.filter((at) => at > openedMicros && at < closedMicros)
      assert.deepStrictEqual(inside, [], `${feed}: received within ${JSON.stringify(gap)}`)
    }
  }
}

const hourMicros = 3_600_000_000

/** Coverage explains every hour, and sees holes exactly where the gaps are. */
const assertCovered = Effect.fnUntraced(function*(
  folder: string,
  gapsOf: (feed: string) => ReadonlyArray<Gap>,
  to: number | null
) {
  const source = yield* localSource(folder)
  const survey = yield* surveyOf(source, { asked: () => true, from: null, to, verify: true })
  assert.deepStrictEqual(survey.problems, [])
  for (const { coverage, feed, rule } of survey.feeds) {
    const gaps = gapsOf(feed).filter((gap) =>
      (to === null || gap.openedMicros < to) && !isLastStop(gap, { newest: gap.openedMicros, to })
    )
    const touches = (hour: number, statuses: ReadonlyArray<Gap["status"]>) =>
      gaps.some(({ closedMicros, openedMicros, status }) =>
        statuses.includes(status) && openedMicros < (hour + 1) * hourMicros &&
        (closedMicros ?? Infinity) >= hour * hourMicros
      )
    for (const { class: found, hour } of coverage.hours) {
      const expected = touches(hour, ["open", "missing"])
        ? "hole"
        : rule === "none" || rule === null
        ? "not provable"
        : touches(hour, ["repaired"])
        ? "repaired"
        : "proven"
      assert.strictEqual(found, expected, `${feed}: ${JSON.stringify(coverage.breaks)} ${JSON.stringify(gaps)}`)
    }
  }
})
