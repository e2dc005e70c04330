// @ts-check
/** @import { Group } from "./Feed.js" */
/** @import { ColumnName, Direction } from "./columns.js" */
import { columns } from "./columns.js"
import { groups } from "./Feed.js"

/**
 * What the reader wants to see of the feeds.
 * @typedef {{ sort: ColumnName, direction: Direction, group: Group | "all", search: string }} Choice
 */

/**
 * From the address, so that a reload keeps it and a colleague can be sent it; what makes no sense there is as if it were not.
 * @param {string} hash
 * @returns {Choice}
 */
export const read = (hash) => {
  const given = new URLSearchParams(hash.replace(/^#/, ""))
  const [name, short] = (given.get("sort") ?? "").split(":")
  const column = columns.find((column) => column.name === name)
  return {
    sort: column?.name ?? "state",
    direction: short === "desc" ? "descending" : short === "asc" ? "ascending" : column?.first ?? "ascending",
    group: groups.find((group) => group === given.get("state")) ?? "all",
    search: given.get("q") ?? ""
  }
}

/**
 * Nothing for what is as it is by itself.
 * @param {Choice} choice
 */
export const write = ({ direction, group, search, sort }) => {
  const given = new URLSearchParams()
  if (sort !== "state" || direction !== "ascending") {
    given.set("sort", `${sort}:${direction === "ascending" ? "asc" : "desc"}`)
  }
  if (group !== "all") given.set("state", group)
  if (search !== "") given.set("q", search)
  const text = given.toString()
  return text === "" ? "" : `#${text}`
}

/**
 * Whether a feed has every word of the search somewhere in its name or its reason.
 * @param {import("./Feed.js").Feed} feed
 * @param {string} search
 */
export const matches = ({ dataType, exchange, reason, state, symbol }, search) => {
  const text = `${exchange}/${symbol}/${dataType} ${state} ${reason ?? ""}`.toLowerCase()
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word))
}
