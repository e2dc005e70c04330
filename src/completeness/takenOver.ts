import type { Gap } from "../domain/Gap.ts"
import type { ChainedFile } from "./FileChain.ts"

/** The files of one recorder without a loss of its memory, as far as they say what came before them. */
interface Run {
  /** Whether its first file says that there was none before it. */
  readonly begins: boolean
  readonly files: Array<ChainedFile>
}

const runsOf = (files: ReadonlyArray<ChainedFile>): ReadonlyArray<Run> => {
  const byFile = new Map<string, Run>()
  const runs: Array<Run> = []
  for (const file of files.toSorted((a, b) => a.firstReceived - b.firstReceived)) {
    const known = byFile.get(file.link?.previousFile ?? "")
    const run = known ?? { begins: file.link?.previousFile === "", files: [] }
    if (known === undefined) runs.push(run)
    run.files.push(file)
    byFile.set(file.path, run)
  }
  return runs
}

const endOf = ({ files }: Run): number => files.reduce((end, file) => Math.max(end, file.lastReceived), -Infinity)

/** When the recording that says of a gap began; its id tells. */
const saidSince = ({ id }: Gap): number => Number(/^\w+-(\d+)-\d+$/.exec(id)?.[1] ?? NaN)

const settled = (gap: Gap, runs: ReadonlyArray<Run>): Gap => {
  if (gap.status !== "open") return gap
  const { openedMicros } = gap
  const since = saidSince(gap)
  const before = runs.find((run) =>
    endOf(run) <= openedMicros && run.files.some(({ lastReceived }) => lastReceived >= since)
  )
  const after = runs.find((run) =>
    run !== before && run.begins && endOf(run) > openedMicros && (run.files[0]?.firstReceived ?? 0) > since
  )
  if (before === undefined || after === undefined) return gap
  const from = endOf(before)
  const to = Math.max(from, after.files[0]?.firstReceived ?? 0)
  return { ...gap, status: to === from ? "dismissed" : "missing", openedMicros: from, closedMicros: to }
}

/**
 * Gaps of a feed as they stand when another process has taken the feed over, which says nothing of those that the one before it left
 * open: they end with the first row of the new one.
 */
export const takenOver = (gaps: ReadonlyArray<Gap>, files: ReadonlyArray<ChainedFile>): ReadonlyArray<Gap> => {
  if (gaps.every(({ status }) => status !== "open")) return gaps
  const runs = runsOf(files)
  return gaps.map((gap) => settled(gap, runs))
}
