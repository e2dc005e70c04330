import { Clock, Effect, Stream } from "effect"
import { sampleMillis } from "./RecentLooks.ts"
import { LiveSnapshot, type Sources as SnapshotSources } from "./LiveSnapshot.ts"
import type { RecentLog } from "./RecentLog.ts"

/** What the stream is made from. */
export interface Sources extends SnapshotSources {
  readonly recentLog: RecentLog["Service"]
}

const event = (name: "hello" | "tick", json: string): string => `event: ${name}\ndata: ${json}\n\n`

/** What a live page is told, as server-sent events: `hello` once, and again when there are other feeds or objectives; then a `tick` each second. */
export const make = (sources: Sources): Stream.Stream<string> => {
  const { monitor, recentLog, telemetry } = sources
  let looks = -1
  let snapshot: LiveSnapshot | null = null
  /** The same for all pages until the counters are looked at again. */
  const current = (): LiveSnapshot => {
    if (snapshot === null || looks !== monitor.looks() || !snapshot.isOf(telemetry.all())) {
      snapshot = new LiveSnapshot(sources)
      looks = monitor.looks()
    }
    return snapshot
  }
  return Stream.suspend(() => {
    let told: LiveSnapshot | null = null
    let lineTold = 0
    const next = Effect.map(Clock.currentTimeMillis, (now) => {
      const present = current()
      const fresh = told === null || !present.hasHelloOf(told)
      if (fresh) {
        told = null
        lineTold = 0
      }
      const log = JSON.stringify(recentLog.newerThan(lineTold))
      const tick = event("tick", `{"now":${now},${present.common},${present.newsSince(told)},"log":${log}}`)
      told = present
      lineTold = recentLog.latest()
      return fresh ? event("hello", present.hello) + tick : tick
    })
    return Stream.tick(sampleMillis).pipe(Stream.mapEffect(() => next))
  })
}
