import { Clock, Context, Effect, Layer } from "effect"
import * as Background from "../runtime/Background.ts"
import { monotonicMillis } from "../runtime/monotonic.ts"
import { DiskSpace } from "./DiskSpace.ts"
import { FeedHistory } from "./FeedHistory.ts"
import type { Evidence } from "./Health.ts"
import { sampleMillis } from "./RecentLooks.ts"
import { type FeedStats, Telemetry } from "./Telemetry.ts"
import { WriteHistory } from "./WriteHistory.ts"

/** Looks at the counters once a second, so that rates and health can be told at any time. */
export class Monitor extends Context.Service<Monitor, {
  readonly history: (stats: FeedStats) => FeedHistory
  /** How often it has looked; what is told of the histories is the same until it looks again. */
  readonly looks: () => number
  /** Everything that health is judged from, as it is now. */
  readonly evidence: () => Evidence
}>()("ticklake/Monitor") {
  static readonly layer = (options: { readonly maxFileAgeMillis: number }) =>
    Layer.effect(Monitor, make(options.maxFileAgeMillis))
}

const make = Effect.fnUntraced(function*(maxFileAgeMillis: number) {
  const telemetry = yield* Telemetry
  const { folders } = yield* DiskSpace
  const clock = yield* Clock.Clock
  const histories = new WeakMap<FeedStats, FeedHistory>()
  const history = (stats: FeedStats): FeedHistory => {
    const known = histories.get(stats)
    if (known !== undefined) return known
    const fresh = new FeedHistory(stats, monotonicMillis(clock))
    histories.set(stats, fresh)
    return fresh
  }
  const writes = new WriteHistory(telemetry.allSinksSinceStart)
  let looks = 0
  const sample = Effect.sync(() => {
    const now = monotonicMillis(clock)
    for (const stats of telemetry.all()) history(stats).sample(now)
    writes.sample()
    looks++
  })
  yield* Background.forkRepeated("the look at the counters", Effect.delay(sample, sampleMillis))
  return Monitor.of({
    history,
    looks: () => looks,
    evidence: () => ({
      telemetry,
      history,
      writes,
      disks: folders,
      maxFileAgeMillis,
      nowMillis: clock.currentTimeMillisUnsafe()
    })
  })
})
