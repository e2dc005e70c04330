import { Clock, Effect, Latch } from "effect"
import { monotonicMillis } from "../runtime/monotonic.ts"
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

/** The reports of one kind. */
interface Channel {
  readonly waiting: Array<Report>
  /** Reports that found no room among those that wait. */
  skipped: number
  /** Monotonic milliseconds. */
  quietUntil: number
}

/** The first report of a kind is logged at once, those of the next seconds as one line with their number. One fiber for all kinds: nearly always there is nothing to log. */
export const makeProblemLog = Effect.fnUntraced(function*() {
  const clock = yield* Clock.Clock
  const some = Latch.makeUnsafe(false)
  const channels = new Map<Report["kind"], Channel>(
    kinds.map((kind) => [kind, { waiting: [], skipped: 0, quietUntil: -Infinity }])
  )
  const logNext = (channel: Channel) =>
    Effect.suspend(() => {
      const report = channel.waiting.shift()
      if (report === undefined) return Effect.void
      const count = channel.skipped + 1
      channel.skipped = 0
      return Effect.logWarning(report.text()).pipe(LogLine.standingFor(count))
    })
  const logDue = Effect.gen(function*() {
    some.closeUnsafe()
    let nextAt = Infinity
    for (const [kind, channel] of channels) {
      while (channel.waiting.length > 0 && channel.quietUntil <= monotonicMillis(clock)) {
        yield* logNext(channel)
        channel.quietUntil = monotonicMillis(clock) + thinning[kind].quietMillis
      }
      if (channel.waiting.length > 0) nextAt = Math.min(nextAt, channel.quietUntil)
    }
    yield* nextAt === Infinity ? some.await : Effect.timeoutOption(some.await, nextAt - monotonicMillis(clock))
  })
  const logRest = Effect.gen(function*() {
    for (const channel of channels.values()) while (channel.waiting.length > 0) yield* logNext(channel)
  })
  const log: ProblemLog = {
    report: (report) => {
      const channel = channels.get(report.kind)
      if (channel === undefined) return
      if (channel.waiting.length >= thinning[report.kind].waiting) channel.skipped++
      else {
        channel.waiting.push(report)
        some.openUnsafe()
      }
    },
    run: Effect.ensuring(Effect.forever(logDue), logRest)
  }
  return log
})
