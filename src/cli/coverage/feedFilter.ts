import { normalizeSymbol } from "../../domain/Feed.ts"

/** Whether a feed, `<exchange>/<normalized symbol>/<data type>`, is asked for. */
export type FeedFilter = (feed: string) => boolean

const literally = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")

const segment = (glob: string): string =>
  glob.split(/([*?])/).map((part) => part === "*" ? "[^/]*" : part === "?" ? "[^/]" : literally(part)).join("")

/** Reads `--feed`: up to three parts with `*` and `?`, of which those at the end may be left out. Symbols may be written as the venue does. */
export const feedFilter = (pattern: string): FeedFilter => {
  const [exchange = "*", symbol = "*", dataType = "*", ...rest] = pattern.toLowerCase().replace(/\/$/, "").split("/")
  const parts = [exchange, normalizeSymbol(symbol), dataType, ...rest]
  const expression = new RegExp(`^${parts.map(segment).join("/")}$`)
  return (feed) => expression.test(feed)
}
