// @ts-check
/** @import { Feed } from "./Feed.js" */
import { groups } from "./Feed.js"

/**
 * @typedef {"state" | "feed" | "rate" | "age" | "latency" | "drops" | "reconnects" | "complete" | "file"} ColumnName
 * @typedef {"ascending" | "descending"} Direction
 */

/**
 * What the table shows, from left to right.
 * @type {ReadonlyArray<{
 *   readonly name: ColumnName
 *   readonly title: string
 *   readonly value: (feed: Feed) => number | string | null
 *   readonly first: Direction
 * }>} `first` is the direction that the first click gives
 */
export const columns = [
  { name: "state", title: "State", value: ({ group }) => groups.indexOf(group), first: "ascending" },
  { name: "feed", title: "Feed", value: ({ id }) => id, first: "ascending" },
  { name: "rate", title: "Events/s", value: ({ rate }) => rate, first: "descending" },
  // The older an event the earlier its time: ages ascend where times descend.
  {
    name: "age",
    title: "Last event",
    value: ({ lastEventAt }) => lastEventAt === null ? null : -lastEventAt,
    first: "descending"
  },
  { name: "latency", title: "Latency", value: ({ latencyMillis }) => latencyMillis, first: "descending" },
  { name: "drops", title: "Dropped", value: ({ dropped }) => dropped, first: "descending" },
  { name: "reconnects", title: "Reconnects", value: ({ reconnects }) => reconnects, first: "descending" },
  // Who sorts by it looks for what is missing.
  {
    name: "complete",
    title: "Complete",
    value: ({ complete }) => complete === false ? null : complete,
    first: "ascending"
  },
  { name: "file", title: "Current file", value: ({ openFileBytes }) => openFileBytes, first: "descending" }
]

/**
 * Feeds in the order of a column; what has no value comes last either way, and equals stay as they are configured.
 * @param {ReadonlyArray<Feed>} feeds
 * @param {ColumnName} name
 * @param {Direction} direction
 * @returns {Array<Feed>}
 */
export const sorted = (feeds, name, direction) => {
  const value = columns.find((column) => column.name === name)?.value ?? (() => null)
  const sign = direction === "ascending" ? 1 : -1
  return feeds
    .map((feed) => ({ feed, value: value(feed) }))
    .toSorted((a, b) => {
      if (a.value === b.value) return a.feed.index - b.feed.index
      if (a.value === null) return 1
      if (b.value === null) return -1
      return a.value < b.value ? -sign : sign
    })
    .map(({ feed }) => feed)
}
