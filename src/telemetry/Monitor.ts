import { Clock, Context, Effect, Layer } from "effect"
import { DiskSpace } from "./DiskSpace.ts"
import { FeedHistory, sampleMillis } from "./FeedHistory.ts"
import type { Evidence } from "./Health.ts"
import { type FeedStats, Telemetry } from "./Telemetry.ts"

/** Looks at the counters once a second, so that rates and health can be told at any time. */
export class Monitor extends Context.Service<Monitor, {
  readonly history: (stats: FeedStats) => FeedHistory
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
  const histories = new Map<FeedStats, FeedHistory>()
  const history = (stats: FeedStats): FeedHistory => {
    const known = histories.get(stats)
    if (known !== undefined) return known
    const fresh = new FeedHistory(stats)
    histories.set(stats, fresh)
    return fresh
  }
  const sample = Effect.sync(() => {
    for (const stats of telemetry.all()) history(stats).sample()
  })
  yield* Effect.sleep(sampleMillis).pipe(Effect.andThen(sample), Effect.forever, Effect.forkScoped)
  return Monitor.of({
    history,
    evidence: () => ({
      telemetry,
      history,
      disks: folders,
      maxFileAgeMillis,
      nowMillis: clock.currentTimeMillisUnsafe()
    })
  })
})
