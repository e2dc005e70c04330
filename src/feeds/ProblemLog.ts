import { Effect, Queue } from "effect"

/** Something seen in a frame that the operator should hear of. */
export interface Report {
  /** Reports of one kind are thinned together. */
  readonly kind: "malformed" | "unrequested" | "notice"
  readonly text: string
}

/** Takes reports from the socket's callback and logs them from a fiber. */
export interface ProblemLog {
  readonly report: (report: Report) => void
  /** Logs for ever. */
  readonly run: Effect.Effect<never>
}

const quietMillis = 10_000
const sampleBytes = 200

/** The beginning of a frame as printable text, for a log line. */
export const sample = (bytes: Buffer): string => {
  const text = bytes.subarray(0, sampleBytes).toString("utf8").replaceAll(/[\p{Cc}\p{Cf}]/gu, "\u00b7")
  return bytes.length > sampleBytes ? `${text}... (${bytes.length} bytes)` : text
}

/** The first report is logged at once, those of the next ten seconds as one line with their number. */
export const makeProblemLog = Effect.fnUntraced(function*() {
  const reports = yield* Queue.dropping<Report>(16)
  const skipped: Record<Report["kind"], number> = { malformed: 0, unrequested: 0, notice: 0 }
  const run = Effect.gen(function*() {
    while (true) {
      const latest = new Map<Report["kind"], Report>()
      for (const report of yield* Queue.takeBetween(reports, 1, 16)) {
        if (latest.has(report.kind)) skipped[report.kind]++
        latest.set(report.kind, report)
      }
      for (const report of latest.values()) {
        const others = skipped[report.kind]
        skipped[report.kind] = 0
        yield* Effect.logWarning(others === 0 ? report.text : `${report.text} (and ${others} more like it)`)
      }
      yield* Effect.sleep(quietMillis)
    }
  })
  const log: ProblemLog = {
    report: (report) => {
      if (!Queue.offerUnsafe(reports, report)) skipped[report.kind]++
    },
    run
  }
  return log
})
