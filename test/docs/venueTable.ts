import { venues } from "../../src/domain/Venue.ts"
import type { Exchange } from "../../src/exchanges/Exchange.ts"
import { registry } from "../../src/exchanges/registry.ts"

const seconds = (millis: number) => `${millis / 1000} s`

const pingOf = ({ keepalive }: Exchange) =>
  `${keepalive.ping._tag === "PingFrame" ? "ping frame" : `\`${keepalive.ping.text}\``} every ${
    seconds(keepalive.everyMillis)
  }`

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
