import { Effect, type FileSystem, Queue, type Scope } from "effect"
import { plansOf } from "../../App.ts"
import type { Config } from "../../config/Config.ts"
import { waitingForStart } from "../../config/lastingKeys.ts"
import { loadConfig } from "../../config/loadConfig.ts"
import type { Feed } from "../../domain/Feed.ts"
import { type Applied, Supervisor } from "../../feeds/Supervisor.ts"
import * as Background from "../../runtime/Background.ts"
import { number, quantity } from "../../runtime/quantity.ts"
import * as LogLine from "../../telemetry/LogLine.ts"
import { Telemetry } from "../../telemetry/Telemetry.ts"
import { notations } from "../notations.ts"
import { logShard } from "./logShard.ts"

const offerTo = (queue: Queue.Enqueue<void>) => () => {
  Queue.offerUnsafe(queue, undefined)
}

/** Requests to read the configuration again; one that comes while another waits is the same. */
export const requests: Effect.Effect<Queue.Dequeue<void>, never, Scope.Scope> = Effect.gen(function*() {
  const queue = yield* Queue.sliding<void>(1)
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      const listener = offerTo(queue)
      process.on("SIGHUP", listener)
      return listener
    }),
    (listener) => Effect.sync(() => process.removeListener("SIGHUP", listener))
  )
  return queue
})

/** So many feeds are named; of more, their number says enough. */
const named = 3

const feedsText = (feeds: ReadonlyArray<Feed>, what: string): string => {
  const names = feeds.slice(0, named).map(({ id }) => id).join(", ")
  const which = feeds.length === 0 ? "" : ` (${names}${feeds.length > named ? ", ..." : ""})`
  return `${number(feeds.length)} ${what}${which}`
}

const appliedText = ({ added, changed, notStarted, removed, untouched }: Applied): string =>
  added.length + removed.length + changed.length + notStarted.length === 0
    ? `nothing to change, ${quantity(untouched, "feed")} as before`
    : `${feedsText(added, "feeds added")}, ${feedsText(removed, "removed")}, ${
      feedsText(changed, "connected anew")
    }, ` +
      `${number(untouched)} not touched` +
      (notStarted.length === 0 ? "" : `, ${feedsText(notStarted, "could not be started and wait for another try")}`)

/**
 * For ever, with each of `requests`: reads the configuration anew and records by it. One that is wrong changes nothing. What
 * only a start can change is named, by what it was when `started` was read.
 */
export const reloading = (
  requests: Queue.Dequeue<void>,
  started: Config
): Effect.Effect<never, never, FileSystem.FileSystem | Supervisor | Telemetry> => {
  const reload = Effect.gen(function*() {
    yield* Queue.take(requests)
    const { process } = yield* Telemetry
    const supervisor = yield* Supervisor
    yield* Effect.logInfo(`SIGHUP: ${started.path} and the environment are read again`)
    const config = yield* loadConfig({ path: started.path, notations })
    const waiting = waitingForStart(started, config)
    if (waiting.length > 0) {
      yield* Effect.logWarning(`changed, and takes effect with the next start: ${waiting.join(", ")}`)
    }
    yield* logShard(config)
    const applied = yield* supervisor.apply(plansOf(config))
    process.shard = config.shard
    process.reloads.applied++
    const log = applied.notStarted.length === 0 ? Effect.logInfo : Effect.logWarning
    yield* log(`the configuration is in effect: ${appliedText(applied)}`)
  }).pipe(
    Effect.catchTag("ConfigError", (error) =>
      Effect.gen(function*() {
        const { reloads } = (yield* Telemetry).process
        reloads.rejected++
        yield* Effect.logError(`the configuration is not put into effect, and nothing changes: ${error.message}`)
      })),
    LogLine.eachTold
  )
  return Effect.forever(Background.restarted("the reading of the configuration", reload))
}
