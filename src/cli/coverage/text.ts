import { type CoverageClass, coverageClasses, type HourCoverage } from "../../completeness/Coverage.ts"
import type { Break } from "../../completeness/FileChain.ts"
import { startOfHour } from "../../completeness/Span.ts"
import type { Gap } from "../../domain/Gap.ts"
import { number, quantity } from "../../runtime/quantity.ts"
import { alignedTable } from "../alignedTable.ts"
import { shortTime } from "../inspect/timeText.ts"
import type { Survey, SurveyedFeed } from "./survey.ts"
import { totalOf } from "./totals.ts"

/** Of each kind what is named on a terminal; `--json` names all. */
const shown = 20

const letters: Readonly<Record<CoverageClass, string>> = {
  "proven": "P",
  "repaired": "R",
  "not provable": "n",
  "hole": "H",
  "unexplained": "U"
}
const noClaim = "."

/** Black, or white on red, on green, cyan, grey, yellow and red: the letters stay, for whoever sees these colours alike. */
const colours: Readonly<Record<string, string>> = {
  P: "30;42",
  R: "30;46",
  n: "30;47",
  H: "30;43",
  U: "97;41"
}

const paint = (letter: string, run: string): string => {
  const colour = colours[letter]
  return colour === undefined ? run : `\u001B[${colour}m${run}\u001B[0m`
}

const painted = (cells: string): string => cells.replaceAll(/(.)\1*/g, (run, letter: string) => paint(letter, run))

const clock = "0     6     12    18    "

const percent = (complete: number | null): string => complete === null ? "unknown" : `${complete.toFixed(2)} %`

const missingText = (missing: number | null, atLeast: number): string =>
  missing !== null ? number(missing) : atLeast === 0 ? "unknown" : `${number(atLeast)}+`

/** A day of a feed, added up. */
const dayOf = (hours: ReadonlyArray<HourCoverage>) => {
  const missingAtLeast = hours.reduce((sum, each) => sum + each.missingAtLeast, 0)
  const rows = hours.reduce((sum, each) => sum + each.rows, 0)
  const known = hours.every(({ missing }) => missing !== null)
  const cells = Array.from({ length: 24 }, () => noClaim)
  for (const each of hours) cells[each.hour % 24] = letters[each.class]
  return { cells: cells.join(""), rows, missing: known ? missingAtLeast : null, missingAtLeast }
}

const map = (feeds: ReadonlyArray<SurveyedFeed>, colour: boolean): string => {
  const homes = feeds.some(({ homeServer }) => homeServer !== null)
  const rows = feeds.flatMap(({ coverage, feed, homeServer }) => {
    const name = homes ? [feed, homeServer ?? ""] : [feed]
    return [...Map.groupBy(coverage.hours, ({ hour }) => Math.floor(hour / 24))].map(([day, hours]) => {
      const { cells, missing, missingAtLeast, rows } = dayOf(hours)
      const date = new Date(startOfHour(day * 24) / 1000).toISOString().slice(0, 10)
      return name.concat(date, cells, number(rows), missingText(missing, missingAtLeast))
    })
  })
  const head = ["feed", ...(homes ? ["home server"] : []), "day (UTC)", clock, "rows", "missing"]
  const [first = "", ...lines] = alignedTable([head, ...rows], ["rows", "missing"]).split("\n")
  if (!colour) return [first, ...lines].join("\n")
  const at = first.indexOf(clock)
  const end = at + clock.length
  return [first, ...lines.map((line) => line.slice(0, at) + painted(line.slice(at, end)) + line.slice(end))].join("\n")
}

const legend = (colour: boolean): string =>
  [
    ...coverageClasses.map((each) => `${colour ? paint(letters[each], letters[each]) : letters[each]} ${each}`),
    `${noClaim} nothing is claimed`
  ].join("   ")

const totalText = ({ feeds }: Survey): string => {
  const { complete, hours, missing, missingAtLeast, rows } = totalOf(feeds)
  const all = coverageClasses.reduce((sum, each) => sum + hours[each], 0)
  const classes = coverageClasses.filter((each) => hours[each] > 0).map((each) => `${number(hours[each])} ${each}`)
  return [
    `${quantity(feeds.length, "feed")}, ${quantity(all, "hour")}: ${classes.join(", ")}`,
    `${quantity(rows, "row")}, missing: ${missingText(missing, missingAtLeast)}, complete: ${percent(complete)}`
  ].join("\n")
}

const section = (title: string, lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (lines.length === 0) return []
  const more = lines.length - shown
  const rest = more > 0 ? [`and ${number(more)} more; --json names all`] : []
  return [[title, ...[...lines.slice(0, shown), ...rest].map((line) => `  ${line}`)].join("\n")]
}

const nameOf = ({ feed, homeServer }: SurveyedFeed): string => homeServer === null ? feed : `${feed} (${homeServer})`

const gapText = (name: string, { cause, closedMicros, missing, openedMicros, status }: Gap): string => {
  const until = status === "open" || closedMicros === null ? "and still open" : `to ${shortTime(closedMicros)}`
  const size = missing === null ? "an unknown number of events" : quantity(missing, "event")
  return `${name}  ${shortTime(openedMicros)} ${until}  ${cause.replaceAll("_", " ")}, ${size} missing`
}

const breakText = (name: string, { file, previous, reason, span }: Break): string => {
  const time = `${name}  ${shortTime(span.from)} to ${shortTime(span.to)}`
  switch (reason) {
    case "missing":
      return `${time}  ${previous} is not here, and ${file} follows on it`
    case "changed":
      return `${time}  ${previous} is not the file on which ${file} follows: its SHA-256 is another`
    case "unreadable":
      return `${time}  ${previous} cannot be read`
    case "forked":
      return `${time}  ${file} follows on ${previous}, and so does another file`
    case "damaged":
      return `${time}  ${file} says that the disk did not give back all rows of it, or of a file before it`
    case "uncovered":
      return `${time}  no file and no gap speaks for this time`
        + (file === null ? "" : `; ${file} follows on none of those before`)
  }
}

const notes = ({ feeds, gone, leftOut: { setAside, stillWritten }, links }: Survey): ReadonlyArray<string> => {
  const blind = feeds.filter(({ ledgerKnown }) => !ledgerKnown)
  const untold = feeds.reduce((sum, { coverage }) => sum + coverage.untold.length, 0)
  const uncounted = feeds.reduce((sum, { coverage }) => sum + coverage.uncounted, 0)
  return [
    ...(links.notVerified === 0 ? [] : [
      `${
        quantity(links.notVerified, "file")
      } not compared with the SHA-256 that the next one names; --verify reads and compares them`
    ]),
    ...(blind.length === 0 ? [] : [
      `the gaps of ${
        quantity(blind.length, "feed")
      } are recorded outside of this place, so nothing is proven; name the folder above`
    ]),
    ...(untold === 0 ? [] : [
      `${quantity(untold, "file")} ${
        untold === 1 ? "tells" : "tell"
      } of gaps of which no record is here yet: the hours around are holes of unknown size`
    ]),
    ...(uncounted === 0 ? [] : [
      `${
        quantity(uncounted, "file")
      } of a start after a crash cannot say which gaps there were, and no record of gaps is here: `
      + "their hours are not provable, nor those of the file after each"
    ]),
    ...(stillWritten === 0 ? [] : [`left out: ${quantity(stillWritten, "file")} in .open, still written`]),
    ...(setAside === 0 ? [] : [`left out: ${quantity(setAside, "file")} in quarantine`]),
    ...(gone === 0 ? [] : [`left out: ${quantity(gone, "file")} that a recorder moved away meanwhile`])
  ]
}

/** What `coverage` prints for people. */
export const text = (survey: Survey, colour: boolean): string => {
  const { feeds, problems } = survey
  const holes = feeds.flatMap((each) =>
    each.coverage.gaps.filter(({ status }) => status !== "repaired").map((gap) => gapText(nameOf(each), gap))
  )
  const breaks = feeds.flatMap((each) => each.coverage.breaks.map((one) => breakText(nameOf(each), one)))
  return [
    map(feeds, colour),
    legend(colour),
    totalText(survey),
    ...section("Holes, times of receipt (UTC):", holes),
    ...section("Unexplained:", breaks),
    ...section("Damaged, foreign, unreadable or copied:", problems.map(({ file, problem }) => `${file}: ${problem}`)),
    ...section("Note:", notes(survey))
  ].join("\n\n")
}
