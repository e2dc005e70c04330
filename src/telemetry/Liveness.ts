import { Effect, Layer } from "effect"
import * as Background from "../runtime/Background.ts"
import { bytesText } from "../runtime/bytesText.ts"
import { isMute, summarize } from "./Health.ts"
import { Monitor } from "./Monitor.ts"
import { sumOver } from "./sumOver.ts"
import { Telemetry } from "./Telemetry.ts"

const everyMillis = 60_000

/** Logs one line a minute, so that a log shows that the recorder lives, and how: a warning where something is wrong. */
export const layer = Layer.effectDiscard(Effect.gen(function*() {
  const monitor = yield* Monitor
  const telemetry = yield* Telemetry
  const tell = Effect.suspend(() => {
    const evidence = monitor.evidence()
    const { degraded_reason, status } = summarize(evidence)
    const feeds = telemetry.all()
    const up = feeds.filter((stats) => stats.connected && !isMute(stats)).length
    const lastMinute = (counter: "events" | "dropped") =>
      sumOver(feeds, (stats) => monitor.history(stats).lastMinute(counter))
    const disks = evidence.disks.map(({ freeBytes, name }) =>
      `${freeBytes === null ? "unknown" : bytesText(freeBytes)} free for ${name}`
    )
    const text = [
      `${up} of ${feeds.length} feeds up`,
      `${(lastMinute("events") / 60).toFixed(1)} events/s`,
      `${lastMinute("dropped")} dropped`,
      `${telemetry.uploads.filesOnDisk} files waiting`,
      ...disks
    ].join(", ")
    return status === "healthy" ? Effect.logInfo(text) : Effect.logWarning(`${text}; ${status}: ${degraded_reason}`)
  })
  yield* Background.forkRepeated("the line of each minute", Effect.delay(tell, everyMillis))
}))
