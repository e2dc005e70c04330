import { type Venue, venues } from "../../src/domain/Venue.ts"
import type { Exchange } from "../../src/exchanges/Exchange.ts"
import { registry } from "../../src/exchanges/registry.ts"
import type { TradeHistory } from "../../src/exchanges/TradeHistory.ts"

const seconds = (millis: number) => `${millis / 1000} s`

const pingOf = ({ keepalive }: Exchange) =>
  `${keepalive.ping._tag === "PingFrame" ? "ping frame" : `\`${keepalive.ping.text}\``} every ${
    seconds(keepalive.everyMillis)
  }`

const historyOf = ({ tradeHistory, venue }: Exchange): TradeHistory => {
  if (tradeHistory === null) throw new Error(`${venue} has no trade history`)
  return tradeHistory(null)
}

const urlOf = ({ first }: TradeHistory) =>
  first({ symbol: "SYMBOL", afterId: "0", beforeId: "2", afterMicros: 0, beforeMicros: 0 }).split("?")[0]

// Bybit forgets by number, which its history cannot say.
const remembered: Partial<Record<Venue, string>> = { bybit: "60 trades" }

const daysOf = ({ horizonMillis }: TradeHistory) =>
  horizonMillis === null ? "ever" : `${horizonMillis / 86_400_000} days`

const rows: ReadonlyArray<readonly [title: string, cell: (exchange: Exchange) => string]> = [
  ["default URL", (exchange) => `\`${exchange.url([])}\``],
  ["symbols", ({ notation }) => `${notation.description}: \`${notation.example}\``],
  ["book channel", ({ channels }) => `\`${channels.orderbook.name}\``],
  ["book content", ({ channels }) => channels.orderbook.content],
  ["book id", ({ channels }) => channels.orderbook.sequenceId],
  ["book gap rule", ({ channels }) => channels.orderbook.gapRule],
  ["book time", ({ channels }) => channels.orderbook.exchangeTime],
  ["trade channel", ({ channels }) => `\`${channels.trade.name}\``],
  ["trade content", ({ channels }) => channels.trade.content],
  ["trade id", ({ channels }) => channels.trade.sequenceId],
  ["trade gap rule", ({ channels }) => channels.trade.gapRule],
  ["trade time", ({ channels }) => channels.trade.exchangeTime],
  ["we ping", pingOf],
  ["dead after silence of", ({ keepalive }) => seconds(keepalive.heartbeatWithinMillis ?? keepalive.replyWithinMillis)],
  [
    "connection attempts",
    ({ limits }) => `${limits.connectAttempts.count} in ${seconds(limits.connectAttempts.perMillis)}`
  ],
  ["largest message", ({ limits }) => `${limits.maxFrameBytes / 1024 / 1024} MiB`],
  [
    "connection ends after",
    ({ limits }) => limits.maxLifetimeMillis === null ? "not documented" : seconds(limits.maxLifetimeMillis)
  ],
  ["missed trades", (exchange) => `\`${urlOf(historyOf(exchange))}\``],
  [
    "requests for them",
    (exchange) => `${historyOf(exchange).limit.count} in ${seconds(historyOf(exchange).limit.perMillis)}`
  ],
  ["remembered for", (exchange) => remembered[exchange.venue] ?? daysOf(historyOf(exchange))],
  ["credentials", ({ usesToken }) => usesToken ? "optional" : "none"]
]

const cell = (text: string) => text.replaceAll("|", "\\|")

/** The capability table of `docs/venues.md`, from the adapters themselves. */
export const venueTable = (): string => {
  const exchanges = venues.map((venue) => registry[venue](null))
  return [
    `| | ${venues.join(" | ")} |`,
    `| --- |${" --- |".repeat(venues.length)}`,
    ...rows.map(([title, of]) => `| ${title} | ${exchanges.map((exchange) => cell(of(exchange))).join(" | ")} |`)
  ].join("\n")
}
