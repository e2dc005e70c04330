import { Cause, Effect, FiberSet, FileSystem, Layer, Path, Scheduler } from "effect"
import * as Feed from "../domain/Feed.ts"
import type { Series } from "../domain/Series.ts"
import { feedLabels } from "../domain/feedLabels.ts"
import { Telemetry } from "../telemetry/Telemetry.ts"
import * as SeriesSink from "./SeriesSink.ts"
import { Journal } from "./Journal.ts"
import * as MemoryKeeper from "./MemoryKeeper.ts"
import { type OpenOptions, type SinkError, Sinks } from "./Sink.ts"
import * as sinkSettings from "./sinkSettings.ts"

/** One sink's bug must not keep the others from being checked. */
const logBug = (work: Effect.Effect<void>): Effect.Effect<void> =>
  work.pipe(
    Effect.catchCauseIf(
      (cause) => !Cause.hasInterruptsOnly(cause),
      (cause) => Effect.logError("a bug ended the writing of a sink; it is tried again with the next check", cause)
    )
  )

const make = Effect.fnUntraced(function*(options: sinkSettings.Options) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const telemetry = yield* Telemetry
  const journal = yield* Journal
  const writes = yield* FiberSet.make<void>()
  // Not that of whoever brings rows, whose fiber may run in microtasks and keep the event loop waiting.
  const scheduler = yield* Scheduler.Scheduler
  const settings = yield* sinkSettings.shared(
    options,
    MemoryKeeper.make(fs, path, options.dataDir),
    (work) =>
      options.writeBeside
        ? Effect.asVoid(FiberSet.run(writes, Effect.provideService(logBug(work), Scheduler.Scheduler, scheduler)))
        : work
  )
  const sinks = new Map<SeriesSink.SeriesSink, Series>()

  // Of a thousand sinks most have nothing to do: these are not to cost an effect each.
  const due = () => [...sinks].filter(([sink]) => sink.due())
  yield* Effect.suspend(() =>
    Effect.forEach(
      due(),
      ([sink, series]) => Effect.annotateLogs(logBug(sink.tick), feedLabels(series)),
      { concurrency: sinkSettings.sealConcurrency, discard: true }
    )
  ).pipe(
    logBug,
    Effect.delay(options.checkEvery),
    Effect.forever,
    Effect.forkScoped
  )

  const open = Effect.fn("Sinks.open")(function*(series: Series, given: Partial<OpenOptions>) {
    const own = yield* settings({
      series,
      rule: null,
      onLost: () => {},
      ...given,
      stream: journal.open(series),
      stats: telemetry.sinkStats(series),
      counts: Feed.is(series) ? telemetry.stats(series) : null,
      finishedBy: "recorder"
    })
    return yield* Effect.acquireRelease(
      SeriesSink.make(own).pipe(Effect.tap((sink) => Effect.sync(() => sinks.set(sink, series)))),
      (sink) => Effect.andThen(Effect.sync(() => sinks.delete(sink)), sink.close)
    )
  })
  return Sinks.of({
    open: (series, given = {}) =>
      open(series, given).pipe(
        Effect.provideService(FileSystem.FileSystem, fs),
        Effect.provideService(Path.Path, path)
      )
  })
})

/** Sinks that write Parquet files below `options.dataDir`. */
export const layer = (
  options: Partial<sinkSettings.Options> & Pick<sinkSettings.Options, "dataDir">
): Layer.Layer<Sinks, SinkError, FileSystem.FileSystem | Journal | Path.Path | Telemetry> =>
  Layer.effect(Sinks, make({ ...sinkSettings.defaults, ...options }))
