import { coverageClasses, type HourCoverage } from "../../completeness/Coverage.ts"
import type { Break } from "../../completeness/FileChain.ts"
import { type Span, startOfHour } from "../../completeness/Span.ts"
import type { Gap } from "../../domain/Gap.ts"
import { exactTime } from "../inspect/timeText.ts"
import type { Survey, SurveyedFeed } from "./survey.ts"
import { countClasses, totalOf } from "./totals.ts"

const timeOrNull = (micros: number | null): string | null => micros === null ? null : exactTime(micros)

const spanFields = ({ from, to }: Span) => ({ from: exactTime(from), to: exactTime(to) })

const hourEntry = ({ complete, hour, missing, missingAtLeast, rows, ...each }: HourCoverage) => ({
  hour: new Date(startOfHour(hour) / 1000).toISOString().replace(".000Z", "Z"),
  class: each.class,
  rows,
  missing,
  missing_at_least: missingAtLeast,
  complete_percent: complete
})

const gapEntry = (gap: Gap) => ({
  gap_id: gap.id,
  status: gap.status,
  cause: gap.cause,
  opened: exactTime(gap.openedMicros),
  closed: timeOrNull(gap.closedMicros),
  first_missing_id: gap.firstMissingId,
  last_missing_id: gap.lastMissingId,
  missing: gap.missing,
  recovered: gap.recovered
})

const breakEntry = ({ file, previous, reason, span }: Break) => ({
  reason,
  file,
  previous_file: previous === "" ? null : previous,
  ...spanFields(span)
})

const feedEntry = (
  { coverage, dataType, exchange, feed, files, homeServer, ledgerKnown, rule, symbol }: SurveyedFeed
) => ({
  feed,
  exchange,
  symbol,
  data_type: dataType,
  home_server: homeServer,
  rule,
  files,
  rows: coverage.rows,
  missing: coverage.missing,
  missing_at_least: coverage.missingAtLeast,
  complete_percent: coverage.complete,
  hours_by_class: countClasses(coverage.hours),
  gaps_looked_for: ledgerKnown,
  hours: coverage.hours.map(hourEntry),
  gaps: coverage.gaps.map(gapEntry),
  broken_chain: coverage.breaks.map(breakEntry),
  gaps_not_recorded: coverage.untold.map(({ file, gaps, span }) => ({ file, gaps, ...spanFields(span) }))
})

/** What `coverage --json` prints, as `docs/inspecting.md` describes it. */
export const document = (place: string, survey: Survey, asked: { from: number | null; to: number | null }) => {
  const total = totalOf(survey.feeds)
  return {
    place,
    from: timeOrNull(asked.from),
    to: timeOrNull(asked.to),
    classes: coverageClasses,
    rows: total.rows,
    missing: total.missing,
    missing_at_least: total.missingAtLeast,
    complete_percent: total.complete,
    hours_by_class: total.hours,
    feeds: survey.feeds.map(feedEntry),
    links: { verified: survey.links.verified, not_verified: survey.links.notVerified },
    problems: survey.problems,
    left_out: {
      still_written: survey.leftOut.stillWritten,
      set_aside: survey.leftOut.setAside,
      gone: survey.gone
    }
  }
}
