import { fixed8, toNumber } from "../decimals.ts"
import type { Row } from "../Ledger.ts"
import type { BookChange, Fill, Market } from "../Market.ts"
import { sizeDecimals } from "../Market.ts"
import type { Level } from "../Book.ts"

/** Levels per side of a partial depth message. */
export const depthLevels = 20

/** A timestamp of a message: Binance writes milliseconds unless the URL asks for microseconds. */
const time = (millis: number, micros: number, inMicros: boolean) =>
  inMicros ? `${millis}${String(micros).padStart(3, "0")}` : String(millis)

const side = (levels: ReadonlyArray<Level>, priceDecimals: number): string => {
  let text = ""
  for (let i = 0; i < depthLevels && i < levels.length; i++) {
    const level = levels[i]
    if (level === undefined) break
    text += `${i === 0 ? "" : ","}["${fixed8(level.price, priceDecimals)}","${fixed8(level.size, sizeDecimals)}"]`
  }
  return text
}

/** The row of a partial depth message: a complete book that names neither symbol nor time. */
export const depth = (symbol: string, market: Market, change: BookChange): Row => ({
  symbol,
  dataType: "orderbook",
  sequenceId: String(change.cursor),
  data: `{"lastUpdateId":${change.cursor},"bids":[${side(market.bids, market.priceDecimals)}],"asks":[${
    side(market.asks, market.priceDecimals)
  }]}`,
  timestampExchange: null,
  trade: null,
  isSnapshot: true,
  history: false
})

/** The row of a trade. `m` says that the buyer was the maker, so the taker sold. */
export const trade = (symbol: string, priceDecimals: number, fill: Fill, inMicros: boolean): Row => {
  const at = time(fill.atMillis, fill.micros, inMicros)
  return {
    symbol,
    dataType: "trade",
    sequenceId: String(fill.number),
    data: `{"e":"trade","E":${at},"s":"${symbol.toUpperCase()}","t":${fill.number},"p":"${
      fixed8(fill.price, priceDecimals)
    }","q":"${fixed8(fill.size, sizeDecimals)}","T":${at},"m":${fill.side === "sell"},"M":true}`,
    timestampExchange: fill.atMillis * 1_000 + (inMicros ? fill.micros : 0),
    trade: {
      tradeId: String(fill.number),
      price: toNumber(fill.price, priceDecimals),
      size: toNumber(fill.size, sizeDecimals),
      side: fill.side
    },
    isSnapshot: null,
    history: false
  }
}

/** The envelope of combined streams. */
export const combined = (stream: string, data: string): string => `{"stream":"${stream}","data":${data}}`

export const result = (value: unknown, id: string): string => `{"result":${JSON.stringify(value)},"id":${id}}`

/** Errors are nested on the wire, unlike in the documentation's table. */
export const error = (code: number, msg: string, id: string | null): string =>
  `{"error":${JSON.stringify({ code, msg })}${id === null ? "" : `,"id":${id}`}}`

export const serverShutdown = (millis: number, isCombined: boolean): string => {
  const event = `{"e":"serverShutdown","E":${millis}}`
  return isCombined ? combined("!serverShutdown", event) : event
}
