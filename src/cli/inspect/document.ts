import type { FileFacts } from "../../sinks/fileFacts.ts"
import type { FeedSummary, Inspected, Summary } from "./summary.ts"
import { exactTime } from "./timeText.ts"

const perRow = (bytes: number, rows: number): number | null => rows === 0 ? null : Math.round(bytes / rows * 100) / 100

const feedFields = ({ dataType, exchange, feed, homeServer, symbol }: FeedSummary["facts"]) => ({
  feed,
  exchange,
  symbol,
  data_type: dataType,
  home_server: homeServer
})

interface Extent {
  readonly rows: number
  readonly firstReceived: number
  readonly lastReceived: number
  readonly bytes: number
}

const extentFields = ({ firstReceived, lastReceived, rows }: Extent) => ({
  rows,
  first_received: exactTime(firstReceived),
  last_received: exactTime(lastReceived)
})

const sizeFields = (rowGroups: number, { bytes, rows }: Extent) => ({
  row_groups: rowGroups,
  bytes,
  bytes_per_row: perRow(bytes, rows)
})

const idFields = (ids: { readonly first: string; readonly last: string } | null) => ({
  first_exchange_sequence_id: ids?.first ?? null,
  last_exchange_sequence_id: ids?.last ?? null
})

const feedEntry = (feed: FeedSummary) => ({
  ...feedFields(feed.facts),
  files: feed.files,
  ...extentFields(feed),
  ...idFields(feed.ids),
  ...sizeFields(feed.rowGroups, feed)
})

const fileEntry = ({ detail, facts, file, ids }: Inspected) => ({
  file,
  ...feedFields(facts),
  ...extentFields(facts),
  ...idFields(ids),
  ...sizeFields(facts.rowGroups, facts),
  ...(detail === null ? {} : {
    row_group_list: detail.groups.map((group) => ({
      ...extentFields(group),
      bytes: group.bytes,
      bytes_per_row: perRow(group.bytes, group.rows)
    })),
    metadata: detail.metadata
  })
})

const total = (files: ReadonlyArray<Inspected>, of: (facts: FileFacts) => number): number =>
  files.reduce((sum, { facts }) => sum + of(facts), 0)

/** What `inspect --json` prints, as `docs/inspecting.md` describes it. */
export const document = (place: string, summary: Summary, eachFile: boolean) => ({
  place,
  files: summary.files.length,
  rows: total(summary.files, ({ rows }) => rows),
  row_groups: total(summary.files, ({ rowGroups }) => rowGroups),
  bytes: total(summary.files, ({ bytes }) => bytes),
  feeds: summary.feeds.map(feedEntry),
  ...(eachFile ? { file_list: summary.files.map(fileEntry) } : {}),
  problems: summary.problems,
  left_out: {
    still_written: summary.leftOut.stillWritten,
    set_aside: summary.leftOut.setAside,
    gone: summary.gone
  }
})
