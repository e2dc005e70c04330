import type { Verdict } from "../completeness/Verdict.ts"
import type { SequenceStats } from "../telemetry/SequenceStats.ts"

/** Counts a verdict; whether its event is to be kept. */
export const countVerdict = (stats: SequenceStats, verdict: Verdict): boolean => {
  switch (verdict._tag) {
    case "Duplicate":
      stats.duplicates++
      return false
    case "Reset":
      stats.resets++
      return true
    case "OutOfOrder":
      stats.outOfOrder++
      stats.missing -= verdict.filled
      return true
    case "Gap":
      stats.gaps++
      if (verdict.missing !== null) {
        const size = verdict.missing.last - verdict.missing.first + 1
        stats.gapSize.observe(size)
        stats.missing += size
      }
      return true
    case "InOrder":
    case "Unverifiable":
      return true
  }
}
