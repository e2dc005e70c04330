import { assert } from "@effect/vitest"
import { Effect } from "effect"
import type { Config } from "../../src/config/Config.ts"
import { normalizeSymbol } from "../../src/domain/Feed.ts"
import type { Gap } from "../../src/domain/Gap.ts"
import type { Venue } from "../../src/domain/Venue.ts"
import { defaults } from "../../src/simulator/SimulatorOptions.ts"
import { until } from "../until.ts"
import type { Findings } from "./completeness.ts"
import { type Options, type World, world } from "./harness.ts"

/** The symbol that is recorded of a venue where nothing is said. */
export const symbolOf = (venue: Venue) => defaults.symbols[venue][0]!
/** The ids of its feeds. */
export const feedsOf = (venue: Venue) => {
  const symbol = symbolOf(venue)
  const normalized = normalizeSymbol(symbol)
  return { symbol, trades: `${venue}/${normalized}/trade`, book: `${venue}/${normalized}/orderbook` }
}

/** The one gap of a feed, but for that with which the recorder ended. */
export const onlyGap = ({ gaps }: Pick<Findings, "gaps">, feed: string): Gap => {
  const all = gaps(feed).filter(({ cause, status }) => cause !== "recorder_stopped" || status !== "open")
  assert.lengthOf(all, 1, `${feed}: ${JSON.stringify(all)}`)
  return all[0]!
}

/** All gaps of a feed that ended are repaired, whatever parts they came to be; answers them. */
export const assertRepaired = ({ gaps }: Pick<Findings, "gaps">, feed: string) => {
  const ended = gaps(feed).filter(({ status }) => status !== "open")
  assert.isAbove(ended.length, 0, feed)
  for (const gap of ended) assert.deepInclude(gap, { cause: "disconnected", status: "repaired", missing: 0 })
  return ended
}

/** Lets nothing be fetched afterwards. */
export const withoutRepair = (config: Config): Config => ({
  ...config,
  feeds: config.feeds.map((feed) => ({ ...feed, repair: false }))
})

/** A recorder of one venue whose books are never numbered anew by themselves. */
export const recorderOf = (venue: Venue, seed: string, options: Options = {}) =>
  world({
    venues: [venue],
    ...options,
    simulator: { seed, rate: 100, restartProbability: 0, ...options.simulator }
  })

/** All feeds deliver. */
export const live = ({ feeds }: World) => until(() => feeds().every(({ state }) => state === "live"))

/** Lets the venues be away while `steps` happen on each of their markets. Other faults that stand end with it. */
export const missSome = Effect.fnUntraced(function*(
  recorder: World,
  venues: ReadonlyArray<Venue>,
  steps: number,
  cut: Effect.Effect<unknown>
) {
  const { faults, flushed, produce, resumeTraffic, stopTraffic } = recorder.simulator
  yield* stopTraffic
  yield* flushed
  for (const venue of venues) yield* faults.refuse({ kind: "refuse", status: 503, retryAfterSecs: 0 }, { venue })
  yield* cut
  yield* until(() => recorder.feeds().every(({ connected }) => !connected))
  for (const venue of venues) yield* produce(venue, symbolOf(venue), steps)
  yield* faults.lift
  yield* resumeTraffic
})
