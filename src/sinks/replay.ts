import { Effect, FileSystem, Path, Scope } from "effect"
import { makeSinkStats, type SinkStats } from "../telemetry/SinkStats.ts"
import type { Finishing } from "./finishOpenFile.ts"
import * as SeriesSink from "./SeriesSink.ts"
import type { RowsRecord } from "./journalRecord.ts"
import * as journalSurvey from "./journalSurvey.ts"
import type { Survey } from "./recoverySurvey.ts"
import { rangesOf, type SeqRanges } from "./SeqRanges.ts"
import * as sinkSettings from "./sinkSettings.ts"
import { withoutJournal } from "./withoutJournal.ts"

/** What became of the rows of the journal. */
export interface Replayed {
  /** In sealed files now. */
  readonly rows: number
  /** Not in files because no file can hold them. */
  readonly unencodable: number
  /** Not in files because the disk would not take them; the journal keeps them. */
  readonly unwritten: number
}

/** Writes the rows that only the journal has to files of their own and seals these, whose checkpoints stay. */
export const replay = Effect.fnUntraced(function*(
  survey: Survey,
  options: sinkSettings.Options,
  { keepers, ruleOf }: Pick<Finishing, "keepers" | "ruleOf">
) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  // Here is nobody who must not be made to wait.
  const settings = yield* sinkSettings.shared(options, keepers, (work) => work)
  const covered: Map<number, SeqRanges> = new Map(survey.covered)
  let given = 0
  const allStats: Array<SinkStats> = []

  const openSink = Effect.fnUntraced(function*({ series, stream }: RowsRecord) {
    const stats = makeSinkStats(series)
    allStats.push(stats)
    const own = yield* settings({
      series,
      stats,
      stream: withoutJournal(stream, true),
      rule: ruleOf(series),
      counts: null,
      finishedBy: "recovery",
      onLost: () => {}
    })
    return yield* Effect.acquireRelease(SeriesSink.make(own), (sink) => sink.close)
  })

  // What closing them waits for is the disk.
  const scope = yield* Scope.make("parallel")
  yield* Effect.gen(function*() {
    const sinks = new Map<number, SeriesSink.SeriesSink>()
    for (const segment of survey.segments) {
      const { records } = yield* journalSurvey.read(fs, segment.path)
      for (const record of records) {
        if (record.kind !== "rows") continue
        const done = rangesOf(covered, record.stream)
        const missing = done.missing(record)
        if (missing.length === 0) continue
        const sink = sinks.get(record.stream) ?? (yield* Scope.provide(openSink(record), scope))
        sinks.set(record.stream, sink)
        const events = record.events()
        for (const { first, last } of missing) {
          given += last - first + 1
          yield* sink.appendAt(first, events.slice(first - record.first, last - record.first + 1))
        }
        done.add(record)
      }
    }
  }).pipe(
    Effect.onExit((exit) => Scope.close(scope, exit)),
    Effect.provideService(FileSystem.FileSystem, fs),
    Effect.provideService(Path.Path, path)
  )

  const unencodable = allStats.reduce((sum, { rowsLost }) => sum + rowsLost, 0)
  const sealed = allStats.reduce((sum, { rowsSealed }) => sum + rowsSealed, 0)
  const replayed: Replayed = { rows: sealed, unencodable, unwritten: given - sealed - unencodable }
  return replayed
})
