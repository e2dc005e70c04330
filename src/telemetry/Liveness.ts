import { Effect, Layer } from "effect"
import { summarize } from "./Health.ts"
import { Monitor } from "./Monitor.ts"
import { Telemetry } from "./Telemetry.ts"

const everyMillis = 60_000

const gibibytes = (bytes: number | null): string => bytes === null ? "unknown" : `${(bytes / 1024 ** 3).toFixed(1)} GiB`

/** Logs one line a minute, so that a log shows that the recorder lives, and how: a warning where something is wrong. */
export const layer = Layer.effectDiscard(Effect.gen(function*() {
  const monitor = yield* Monitor
  const telemetry = yield* Telemetry
  let dropped = 0
  const tell = Effect.suspend(() => {
    const evidence = monitor.evidence()
    const { connections, degraded_reason, messages_dropped, status } = summarize(evidence)
    const rate = telemetry.all().reduce((sum, stats) => sum + monitor.history(stats).lastMinute("events"), 0) / 60
    const disks = evidence.disks.map(({ freeBytes, name }) => `${gibibytes(freeBytes)} free for ${name}`)
    const text = [
      `${connections.up} of ${connections.total} feeds up`,
      `${rate.toFixed(1)} events/s`,
      `${messages_dropped - dropped} dropped`,
      `${telemetry.uploads.filesOnDisk} files waiting`,
      ...disks
    ].join(", ")
    dropped = messages_dropped
    return status === "healthy" ? Effect.logInfo(text) : Effect.logWarning(`${text}; ${status}: ${degraded_reason}`)
  })
  yield* Effect.sleep(everyMillis).pipe(Effect.andThen(tell), Effect.forever, Effect.forkScoped)
}))
