import type { DataType } from "../../src/domain/Feed.ts"
import { type Venue, venues } from "../../src/domain/Venue.ts"
import { begun, type Child, start } from "./child.ts"
import { symbolOf } from "./frames.ts"
import type { SenderOptions, Sent } from "./processes/sender.ts"

/** What is sent: the feeds, and what share of the events is whose. */
export interface Load {
  readonly name: string
  readonly feeds: ReadonlyArray<readonly [Venue, string, DataType]>
  readonly bookLevels: number
}

const both: ReadonlyArray<DataType> = ["orderbook", "trade"]

const feedsOf = (venue: Venue, symbols: number, dataTypes: ReadonlyArray<DataType>) =>
  Array.from({ length: symbols }, (_, index) => symbolOf(venue, index))
    .flatMap((symbol) => dataTypes.map((dataType) => [venue, symbol, dataType] as const))

/** Four feeds of one kind, with Binance's frames. */
export const trades: Load = { name: "trades", feeds: feedsOf("binance", 4, ["trade"]), bookLevels: 20 }
export const books: Load = { name: "books", feeds: feedsOf("binance", 4, ["orderbook"]), bookLevels: 20 }

/** Both data types of all five venues. */
const spread = (name: string, symbols: (venue: Venue) => number): Load => ({
  name,
  feeds: venues.flatMap((venue) => feedsOf(venue, symbols(venue), both)),
  bookLevels: 20
})
export const mix: Load = spread("mix", () => 2)
export const tenFeeds: Load = spread("10 feeds", () => 1)
export const hundredFeeds: Load = spread("100 feeds", () => 10)

// As many of each venue as its limit of connection attempts lets in within half a minute.
const thousand: Readonly<Record<Venue, number>> = { binance: 145, bybit: 250, coinbase: 40, okx: 25, upbit: 40 }
export const thousandFeeds: Load = spread("1,000 feeds", (venue) => thousand[venue])

/** Ten feeds with frames of some 5 kB. */
export const wideBooks: Load = { name: "wide books", feeds: feedsOf("binance", 10, ["orderbook"]), bookLevels: 78 }

/** Somebody who sends a load. */
export interface Sender {
  readonly child: Child
  readonly load: Load
  readonly url: string
  /** Begins to send so many events a second, over all feeds; each data type of each venue gets the same share. */
  readonly rate: (eventsPerSecond: number) => Promise<void>
  readonly sent: () => Promise<Sent>
  readonly reset: () => Promise<void>
  /** Waits until all feeds have subscribed; answers what was sent until then. */
  readonly allConnected: (withinSeconds: number) => Promise<Sent>
}

export const startSender = async (load: Load): Promise<Sender> => {
  const names = new Map(load.feeds.map(([venue, , dataType]) => [`${venue}/${dataType}`, [venue, dataType] as const]))
  const options: SenderOptions = { streams: [...names.values()], bookLevels: load.bookLevels }
  const child = start(new URL("processes/sender.ts", import.meta.url), [JSON.stringify(options)])
  await begun(child)
  const sent = () => child.ask<Sent>("sent")
  return {
    child,
    load,
    url: `ws://127.0.0.1:${await child.ask<number>("port")}`,
    sent,
    reset: () => child.ask("reset"),
    rate: (eventsPerSecond) =>
      child.ask("rates", Object.fromEntries([...names.keys()].map((name) => [name, eventsPerSecond / names.size]))),
    allConnected: async (withinSeconds) => {
      const until = performance.now() + withinSeconds * 1000
      while (true) {
        const now = await sent()
        if (now.connections === load.feeds.length) return now
        if (performance.now() > until) throw new Error(`${now.connections} of ${load.feeds.length} feeds connected`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
}
