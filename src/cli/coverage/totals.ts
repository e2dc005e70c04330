import { completeness, type CoverageClass, type HourCoverage } from "../../completeness/Coverage.ts"
import type { SurveyedFeed } from "./survey.ts"

/** How many hours are of each class. */
export type ClassCounts = Readonly<Record<CoverageClass, number>>

export const countClasses = (hours: ReadonlyArray<HourCoverage>): ClassCounts => {
  const counts = { "proven": 0, "repaired": 0, "not provable": 0, "hole": 0, "unexplained": 0 }
  for (const each of hours) counts[each.class]++
  return counts
}

/** All feeds together. */
export interface Total {
  readonly hours: ClassCounts
  readonly rows: number
  /** Null where nobody can tell of some feed. */
  readonly missing: number | null
  readonly missingAtLeast: number
  readonly complete: number | null
}

export const totalOf = (feeds: ReadonlyArray<SurveyedFeed>): Total => {
  const rows = feeds.reduce((sum, { coverage }) => sum + coverage.rows, 0)
  const missingAtLeast = feeds.reduce((sum, { coverage }) => sum + coverage.missingAtLeast, 0)
  const known = feeds.every(({ coverage }) => coverage.missing !== null)
  return {
    hours: countClasses(feeds.flatMap(({ coverage }) => coverage.hours)),
    rows,
    missing: known ? missingAtLeast : null,
    missingAtLeast,
    complete: known ? completeness(rows, missingAtLeast) : null
  }
}
