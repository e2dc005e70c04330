import { alignedTable } from "../alignedTable.ts"
import { bytesText } from "../../runtime/bytesText.ts"
import type { FeedSummary, Inspected, Summary } from "./summary.ts"
import { shortTime } from "./timeText.ts"

const numbers = ["files", "rows", "row groups", "size", "bytes/row", "row group"]

/** Problems that are named on a terminal; `--json` names all. */
const problemsShown = 20

const extent = [
  "rows",
  "first received (UTC)",
  "last received (UTC)",
  "first id",
  "last id",
  "row groups",
  "size",
  "bytes/row"
]

const perRow = (bytes: number, rows: number): string => rows === 0 ? "" : (bytes / rows).toFixed(1)

const feedTable = (feeds: ReadonlyArray<FeedSummary>): string => {
  const homes = feeds.some(({ facts }) => facts.homeServer !== null)
  const home = (name: string | null) => homes ? [name ?? ""] : []
  return alignedTable([
    ["feed", ...(homes ? ["home server"] : []), "files", ...extent],
    ...feeds.map(({ bytes, facts, files, firstReceived, ids, lastReceived, rowGroups, rows }) => [
      facts.feed,
      ...home(facts.homeServer),
      String(files),
      String(rows),
      shortTime(firstReceived),
      shortTime(lastReceived),
      ids.first,
      ids.last,
      String(rowGroups),
      bytesText(bytes),
      perRow(bytes, rows)
    ])
  ], numbers)
}

const fileTable = (files: ReadonlyArray<Inspected>): string =>
  alignedTable([
    ["file", ...extent],
    ...files.map(({ facts, file, ids }) => [
      file,
      String(facts.rows),
      shortTime(facts.firstReceived),
      shortTime(facts.lastReceived),
      ids?.first ?? "",
      ids?.last ?? "",
      String(facts.rowGroups),
      bytesText(facts.bytes),
      perRow(facts.bytes, facts.rows)
    ])
  ], numbers)

const detailText = ({ detail }: Inspected): ReadonlyArray<string> =>
  detail === null ? [] : [
    alignedTable([
      ["row group", "rows", "first received (UTC)", "last received (UTC)", "size", "bytes/row"],
      ...detail.groups.map(({ bytes, firstReceived, lastReceived, rows }, index) => [
        String(index),
        String(rows),
        shortTime(firstReceived),
        shortTime(lastReceived),
        bytesText(bytes),
        perRow(bytes, rows)
      ])
    ], numbers),
    alignedTable([["metadata", ""], ...Object.entries(detail.metadata)])
  ]

const count = (number: number, singular: string, plural = `${singular}s`): string =>
  `${number} ${number === 1 ? singular : plural}`

const leftOutText = ({ gone, leftOut: { setAside, stillWritten } }: Summary): ReadonlyArray<string> => {
  const parts = [
    ...(stillWritten === 0 ? [] : [`${count(stillWritten, "file")} in .open, still written`]),
    ...(setAside === 0 ? [] : [`${count(setAside, "file")} in quarantine`]),
    ...(gone === 0 ? [] : [`${count(gone, "file")} that a recorder moved away meanwhile`])
  ]
  return parts.length === 0 ? [] : [`Left out: ${parts.join(", ")}.`]
}

const problemText = ({ problems }: Summary): ReadonlyArray<string> => {
  if (problems.length === 0) return []
  const more = problems.length - problemsShown
  return [[
    "Damaged, foreign, unreadable or copied:",
    ...problems.slice(0, problemsShown).map(({ file, problem }) => `  ${file}: ${problem}`),
    ...(more > 0 ? [`  and ${more} more; --json names all`] : [])
  ].join("\n")]
}

/** What `inspect` prints for people. */
export const text = (summary: Summary, eachFile: boolean): string => {
  const { feeds, files } = summary
  const rows = feeds.reduce((sum, each) => sum + each.rows, 0)
  const bytes = feeds.reduce((sum, each) => sum + each.bytes, 0)
  const [only] = files
  const single = files.length === 1 && only?.detail !== null
  const tables = files.length === 0
    ? []
    : single
    ? [fileTable(files), ...files.flatMap(detailText)]
    : [
      feedTable(feeds),
      ...(eachFile ? [fileTable(files)] : []),
      `${count(feeds.length, "feed")}, ${count(files.length, "file")}, ${count(rows, "row")}, ${bytesText(bytes)}`
    ]
  return [...tables, ...leftOutText(summary), ...problemText(summary)].join("\n\n")
}
