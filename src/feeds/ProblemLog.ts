import { Effect, Queue } from "effect"
import * as LogLine from "../telemetry/LogLine.ts"

/** Something seen in a frame that the operator should hear of; the text is made only when it is logged. */
export interface Report {
  readonly kind: "malformed" | "unrequested" | "gap" | "notice"
  readonly text: () => string
}

/** Takes reports from the socket's callback and logs them from a fiber. */
export interface ProblemLog {
  readonly report: (report: Report) => void
  /** Logs for ever; what is left when it is interrupted is logged then. */
  readonly run: Effect.Effect<never>
}

/** What thinning does to each kind: how many reports may wait, and for how long the log is quiet after a line. */
const thinning: Readonly<Record<Report["kind"], { readonly waiting: number; readonly quietMillis: number }>> = {
  malformed: { waiting: 1, quietMillis: 10_000 },
  unrequested: { waiting: 1, quietMillis: 10_000 },
  gap: { waiting: 1, quietMillis: 10_000 },
  // Rare, each of its own, and the only explanation of what follows.
  notice: { waiting: 16, quietMillis: 0 }
}

const kinds = Object.keys(thinning) as ReadonlyArray<Report["kind"]>

const makeChannel = Effect.fnUntraced(function*(kind: Report["kind"]) {
  const reports = yield* Queue.dropping<Report>(thinning[kind].waiting)
  let skipped = 0
  const log = (report: Report) =>
    Effect.suspend(() => {
      const count = skipped + 1
      skipped = 0
      return Effect.logWarning(report.text()).pipe(LogLine.standingFor(count))
    })
  return {
    offer: (report: Report) => {
      if (!Queue.offerUnsafe(reports, report)) skipped++
    },
    run: Queue.take(reports).pipe(
      Effect.flatMap(log),
      Effect.andThen(Effect.sleep(thinning[kind].quietMillis)),
      Effect.forever,
      Effect.ensuring(Effect.flatMap(Queue.clear(reports), (left) => Effect.forEach(left, log, { discard: true })))
    )
  }
})

/** The first report of a kind is logged at once, those of the next seconds as one line with their number. */
export const makeProblemLog = Effect.fnUntraced(function*() {
  const channels = new Map<Report["kind"], Effect.Success<ReturnType<typeof makeChannel>>>()
  for (const kind of kinds) channels.set(kind, yield* makeChannel(kind))
  const log: ProblemLog = {
    report: (report) => channels.get(report.kind)?.offer(report),
    run: Effect.raceAllFirst([...channels.values()].map(({ run }) => run))
  }
  return log
})
