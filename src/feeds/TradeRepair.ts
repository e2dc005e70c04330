import { Clock, Effect, Latch } from "effect"
import type { Feed } from "../domain/Feed.ts"
import type { HistoryAnswer, TradeHistory, Wanted } from "../exchanges/TradeHistory.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { quantity } from "../runtime/quantity.ts"
import { secondsText } from "../runtime/secondsText.ts"
import type { FeedStats } from "../telemetry/Telemetry.ts"
import type { FeedIntake } from "./FeedIntake.ts"
import type { Fetchable } from "./Neighbours.ts"
import { PastTrades } from "./PastTrades.ts"
import { printable } from "./printable.ts"

/** How long after a gap the first request waits: late trades fill many a gap, and a venue's REST may lag behind its stream. */
const settleMillis = 2000

/** The pauses between the attempts to fill one gap; after the last one it stays as it is until the next start. */
const pausesMillis = [5000, 30_000, 120_000, 600_000, 3_600_000]

/** How often in a row a venue may ask for a pause, until that counts as an attempt. */
const mostBusy = 30

/** How often it is looked whether live events leave room. */
const lookEveryMillis = 100

/** How attempts to fill a gap have gone so far. */
interface Attempts {
  count: number
  /** Trades that were fetched. */
  recovered: number
  /** Monotonic milliseconds. */
  nextAt: number
}

export interface Options {
  readonly feed: Feed
  /** Where to ask at present; null where nobody is to be asked. */
  readonly history: () => TradeHistory | null
  readonly intake: FeedIntake
  readonly stats: FeedStats
  /** Whether live events leave room for a page of trades. */
  readonly hasRoom: () => boolean
}

/** An answer, or that there was none. */
type Answer = HistoryAnswer | { readonly _tag: "Failed"; readonly reason: string }

/** Asks for missed trades. */
export interface TradeRepair {
  /** There may be something to do. */
  readonly wake: () => void
  /** Fills the gaps of the feed for ever, one after another. */
  readonly run: (intake: FeedIntake) => Effect.Effect<never, never, PastTrades>
}

export const make = (options: Omit<Options, "intake">): TradeRepair => {
  const due = Latch.makeUnsafe(false)
  return {
    // Not at once: whoever waits would go on in the midst of what the caller is about, and not see yet what is missing.
    wake: () => queueMicrotask(() => due.openUnsafe()),
    run: (intake) => repairAll({ ...options, intake }, due)
  }
}

const repairAll = Effect.fnUntraced(function*(options: Options, due: Latch.Latch) {
  const { intake } = options
  const clock = yield* Clock.Clock
  const attempts = new Map<string, Attempts>()
  while (true) {
    // Before the look, so that whatever comes after it is looked at as well.
    due.closeUnsafe()
    const history = options.history()
    if (history === null) {
      yield* due.await
      continue
    }
    const now = monotonicMillis(clock)
    const gaps = intake.fetched.gaps()
    const ids = new Set(gaps.map(({ gap }) => gap.id))
    for (const id of attempts.keys()) if (!ids.has(id)) attempts.delete(id)
    let wait = Infinity
    let next: Fetchable | null = null
    for (const gap of gaps) {
      const known = attempts.get(gap.gap.id) ?? { count: 0, recovered: 0, nextAt: now + settleMillis }
      attempts.set(gap.gap.id, known)
      if (known.count > pausesMillis.length) continue
      if (known.nextAt <= now) next ??= gap
      else wait = Math.min(wait, known.nextAt - now)
    }
    if (next === null) {
      yield* wait === Infinity ? due.await : Effect.timeoutOption(due.await, wait)
      continue
    }
    const tried = attempts.get(next.gap.id) ?? { count: 0, recovered: 0, nextAt: 0 }
    const age = clock.currentTimeMillisUnsafe() - next.gap.openedMicros / 1000
    if (history.horizonMillis !== null && age > history.horizonMillis) {
      tried.count = Infinity
      yield* giveUp(options, next, tried, "the venue remembers no trades that old")
    } else {
      const pause = pausesMillis[tried.count] ?? null
      tried.count++
      yield* repair(options, history, next, tried, pause)
      tried.nextAt = monotonicMillis(clock) + (pause ?? 0)
    }
  }
})

/** Asks for what is missing in one gap, page after page; `pause` is that before the next attempt, null where there is none. */
const repair = Effect.fnUntraced(function*(
  options: Options,
  history: TradeHistory,
  wanted: Fetchable,
  tried: Attempts,
  pause: number | null
) {
  const { feed, intake, stats } = options
  const asked: Wanted = {
    symbol: feed.symbol,
    afterId: wanted.afterId,
    beforeId: wanted.beforeId,
    afterMicros: wanted.gap.openedMicros,
    beforeMicros: wanted.gap.closedMicros ?? wanted.gap.openedMicros
  }
  let recovered = 0
  let complete = false
  let trouble: string | null = null
  let busy = 0
  // Live events come first, and a page that waits for room takes some of the memory itself.
  const room = Effect.suspend(() => options.hasRoom() ? Effect.void : Effect.sleep(lookEveryMillis)).pipe(
    Effect.repeat({ until: options.hasRoom })
  )
  for (let url: string | null = history.first(asked); url !== null;) {
    yield* room
    if (options.history() !== history) return
    const answer: Answer = yield* ask(feed, history, asked, url)
    stats.repairRequests[answer._tag]++
    if (answer._tag === "Busy") {
      yield* heed(feed, answer.pauseMillis)
      busy++
      if (busy < mostBusy) continue
      trouble = `the venue asked for a pause ${busy} times in a row`
      break
    }
    if (answer._tag !== "Page") {
      trouble = answer.reason
      break
    }
    busy = 0
    yield* room
    if (intake.fetched.isOver(wanted)) return
    recovered += intake.fetched.take(answer.trades, wanted)
    complete = answer.complete
    url = answer.next
  }
  tried.recovered += recovered
  const what = `${quantity(recovered, "missed trade")} fetched`
  if (intake.fetched.isWhole(wanted) || complete && intake.fetched.settle(wanted, tried.recovered, true)) {
    return yield* Effect.logInfo(
      `${what}: nothing is missing any more between ${wanted.afterId} and ${wanted.beforeId}`
    )
  }
  const why = trouble === null ? "the venue has no more" : printable(trouble)
  if (pause === null) return yield* giveUp(options, wanted, tried, why)
  yield* Effect.logDebug(`${what}, not all of the gap: ${why}; next attempt in ${secondsText(pause)}`)
})

/** Lets nobody ask the venue for a while. */
const heed = Effect.fnUntraced(function*({ exchange }: Feed, millis: number) {
  if (!(yield* (yield* PastTrades).pause(exchange, millis))) return
  yield* Effect.logWarning(`${exchange} is not asked for missed trades for ${secondsText(millis)}, as it wants`)
})

const ask = Effect.fnUntraced(function*(feed: Feed, history: TradeHistory, wanted: Wanted, url: string) {
  const past = yield* PastTrades
  return yield* past.ask(feed.exchange, history.limit, url).pipe(
    Effect.map((response): Answer => history.read(wanted, url, response)),
    Effect.catch((error) => Effect.succeed<Answer>({ _tag: "Failed", reason: error.message }))
  )
})

/** What is missing stays missing, as far as this run of the recorder is concerned. */
const giveUp = ({ intake }: Options, wanted: Fetchable, { recovered }: Attempts, why: string) =>
  Effect.suspend(() => {
    intake.fetched.settle(wanted, recovered, false)
    return Effect.logWarning(
      `trades stay missing between ${wanted.afterId} and ${wanted.beforeId}: ${why}. The gap is in the files of type gap`
    )
  })
